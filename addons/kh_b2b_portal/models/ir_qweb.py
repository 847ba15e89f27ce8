from odoo import models

# Classes of the shop's own markup begin like this.
OWN_CLASS = "kh-p-"


class IrQweb(models.AbstractModel):
    _inherit = "ir.qweb"

    def _post_processing_att(self, tagName, atts):
        """Extend `website`: our own cells and labels have nothing that could need adapting.

        Core looks at each element for addresses, pictures in styles and foreign content. A page
        of the catalogue has hundreds of elements which by their kind hold none of these.
        """
        if (
            tagName not in self.URL_ATTRS
            and str(atts.get("class") or "").startswith(OWN_CLASS)
            and not atts.keys() & {"href", "style", "__is_static_node"}
        ):
            return atts
        return super()._post_processing_att(tagName, atts)
