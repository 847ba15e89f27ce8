from . import company
from . import portal
from . import registration
from . import role_matrix
