from . import flow_check
