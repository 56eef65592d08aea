"""One commit: only the unit of work ends a transaction, and only who began a unit tells it to."""

from __future__ import annotations

from tests.house import sources

UNIT_OF_WORK = "kupon/storage/uow.py"
MIGRATIONS = "kupon/storage/migrations/env.py"
BEGINNERS = {
    "kupon/cli/gateway.py",
    "kupon/jobs/relay.py",
    "kupon/jobs/schedule.py",
    "kupon/jobs/worker.py",
    "kupon/storage/administration.py",
    "kupon/testing/plugin.py",
    "kupon/web/endpoint.py",
    "kupon/web/raw.py",
}


def test_only_the_beginners_of_a_unit_commit_it():
    committing = {
        name
        for name, tree in sources.modules().items()
        if any(called == "commit" for called, _ in sources.calls(tree))
    }
    assert committing == BEGINNERS | {UNIT_OF_WORK, MIGRATIONS}


def test_there_is_one_commit_in_the_unit_of_work():
    commits = [name for name, _ in sources.calls(sources.modules()[UNIT_OF_WORK])].count("commit")
    assert commits == 1


def test_no_statement_commits():
    for name, tree in sources.modules().items():
        assert not [t for t in sources.texts(tree) if t.strip().upper().startswith("COMMIT")], name
