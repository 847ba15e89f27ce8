from . import attribute_template_apply
