"""Wire shapes of rules and assignments, and in short of what has rules."""

from kupon.features.validation_rules.schemas.assignment import AssignmentCreate as AssignmentCreate
from kupon.features.validation_rules.schemas.assignment import AssignmentForce as AssignmentForce
from kupon.features.validation_rules.schemas.assignment import AssignmentsQuery as AssignmentsQuery
from kupon.features.validation_rules.schemas.assignment import RuleAssignment as RuleAssignment
from kupon.features.validation_rules.schemas.assignment import RuleAssignments as RuleAssignments
from kupon.features.validation_rules.schemas.assignment import (
    RuleAssignmentsQuery as RuleAssignmentsQuery,
)
from kupon.features.validation_rules.schemas.assignment import dump_assignment as dump_assignment
from kupon.features.validation_rules.schemas.assignment import dump_assignments as dump_assignments
from kupon.features.validation_rules.schemas.assignment import rule_ids as rule_ids
from kupon.features.validation_rules.schemas.related import (
    dump_campaign_summary as dump_campaign_summary,
)
from kupon.features.validation_rules.schemas.related import (
    dump_earning_rule_summary as dump_earning_rule_summary,
)
from kupon.features.validation_rules.schemas.related import dump_tier_summary as dump_tier_summary
from kupon.features.validation_rules.schemas.related import (
    dump_voucher_summary as dump_voucher_summary,
)
from kupon.features.validation_rules.schemas.rule import ValidationRule as ValidationRule
from kupon.features.validation_rules.schemas.rule import (
    ValidationRuleCreate as ValidationRuleCreate,
)
from kupon.features.validation_rules.schemas.rule import ValidationRuleList as ValidationRuleList
from kupon.features.validation_rules.schemas.rule import (
    ValidationRulesQuery as ValidationRulesQuery,
)
from kupon.features.validation_rules.schemas.rule import (
    ValidationRuleUpdate as ValidationRuleUpdate,
)
from kupon.features.validation_rules.schemas.rule import dump_rule as dump_rule
