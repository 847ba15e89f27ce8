
from . import test_doors
from . import test_orders
from . import test_saleable
from . import test_saleable_property
from . import test_attribute_template
from . import test_auxiliary
from . import test_order_limits_engine
from . import test_sharing
from . import test_stock_policy
