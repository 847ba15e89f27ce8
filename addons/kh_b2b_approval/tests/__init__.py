from . import test_status
from . import test_flow
from . import test_decision
from . import test_access_rights
from . import test_performance
