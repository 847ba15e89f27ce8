from . import attribute_template_apply
from . import catalog_assign
