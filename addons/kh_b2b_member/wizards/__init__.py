from . import grade_proposal
from . import sync_import
from . import role_grant
