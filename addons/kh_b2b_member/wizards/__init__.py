from . import grade_proposal
from . import sync_import
