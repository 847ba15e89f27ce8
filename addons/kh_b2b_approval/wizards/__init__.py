from . import approval_reason
from . import approval_bulk
