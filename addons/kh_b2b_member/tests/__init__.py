from . import test_checks
from . import test_application
from . import test_admission
from . import test_access_rights
from . import test_sales_area
from . import test_rate_limit
from . import test_registration
from . import test_performance
