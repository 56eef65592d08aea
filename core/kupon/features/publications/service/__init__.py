"""Use cases of publications: `publishing` decides and `giving` gives, `reading` tells of it."""

from kupon.features.publications.service.joining import give_more as give_more
from kupon.features.publications.service.joining import join as join
from kupon.features.publications.service.publishing import Declined as Declined
from kupon.features.publications.service.publishing import find_asker as find_asker
from kupon.features.publications.service.publishing import publish as publish
from kupon.features.publications.service.reading import dump_rows as dump_rows
from kupon.features.publications.service.reading import list_publications as list_publications
