"""Use cases of qualifications."""

from kupon.features.qualifications.service.qualify import qualify as qualify
