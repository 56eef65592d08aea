"""Wire shapes of the rewards of programmes."""

from __future__ import annotations

from kupon.web.fields import Text, WireSchema
from kupon.web.query import ListQuery, Switch


class OffersQuery(ListQuery):
    """Which assignments of a programme to list."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "page", "assignment_id")

    assignment_id = Text()


class NamedOffersQuery(ListQuery):
    """Which assignments of a programme to list; here the reference writes the name otherwise."""

    class Meta(ListQuery.Meta):
        fields = ("limit", "page", "assignment_id")

    assignment_id = Text(data_key="assignmentId")


class MemberRewardsQuery(WireSchema):
    """Whether to leave out what a member has too few points for."""

    affordable_only = Switch(load_default=False)
