from . import status
from . import ir_http
from . import approval_flow
from . import approval_step
from . import approval_request
from . import approval_request_decide
from . import approval_decision
from . import approval_mixin
