from collections import Counter, defaultdict
from tests.fuzz.test_bad_input import *
tally=defaultdict(Counter); bodies=defaultdict(Counter)
import pytest
@pytest.mark.parametrize("p", THERE)
def test_tally(send, fuzzed,p,known):
    api=fuzzed[0]
    orig=type(api).send
    def spy(self,*a,**k):
        r=orig(self,*a,**k); tally[p][r.status]+=1
        if r.status>=400: bodies[p][str((r.json or {}).get("key"))+" "+str((r.json or {}).get("details"))[:60]]+=1
        return r
    type(api).send=spy
    try:
        send(p, effort(max_examples=100, derandomize=True, **PLAIN))
    finally:
        type(api).send=orig
        print(p,dict(tally[p]), bodies[p].most_common(3) if tally[p][200]+tally[p][204]<15 else "")
for n in list(globals()):
    if n.startswith("test_no"): del globals()[n]
