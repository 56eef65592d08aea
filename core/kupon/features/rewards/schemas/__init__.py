"""Wire shapes of rewards, of their assignments to programmes, and of what was given."""

from kupon.features.rewards.schemas.assignment import AssignedReward as AssignedReward
from kupon.features.rewards.schemas.assignment import LoyaltyRewardList as LoyaltyRewardList
from kupon.features.rewards.schemas.assignment import RewardAssignment as RewardAssignment
from kupon.features.rewards.schemas.assignment import (
    RewardAssignmentCreate as RewardAssignmentCreate,
)
from kupon.features.rewards.schemas.assignment import RewardAssignmentList as RewardAssignmentList
from kupon.features.rewards.schemas.assignment import (
    RewardAssignmentsQuery as RewardAssignmentsQuery,
)
from kupon.features.rewards.schemas.assignment import (
    RewardAssignmentUpdate as RewardAssignmentUpdate,
)
from kupon.features.rewards.schemas.assignment import dump_assignment as dump_assignment
from kupon.features.rewards.schemas.given import GivenReward as GivenReward
from kupon.features.rewards.schemas.given import dump_given as dump_given
from kupon.features.rewards.schemas.given import dump_reward_redemption as dump_reward_redemption
from kupon.features.rewards.schemas.reward import Reward as Reward
from kupon.features.rewards.schemas.reward import RewardCreate as RewardCreate
from kupon.features.rewards.schemas.reward import RewardList as RewardList
from kupon.features.rewards.schemas.reward import RewardsQuery as RewardsQuery
from kupon.features.rewards.schemas.reward import RewardUpdate as RewardUpdate
from kupon.features.rewards.schemas.reward import dump_reward as dump_reward
