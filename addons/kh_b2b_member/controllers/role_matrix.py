import io

import xlsxwriter

from odoo import http
from odoo.http import content_disposition, request

from ..utils import parse_id


class RoleMatrixExport(http.Controller):
    @http.route("/kh_b2b_member/role_matrix.xlsx", type="http", auth="user", readonly=True)
    def export_matrix(self, role_ids="", user_id="", is_complete="", **_kwargs):
        """Send the rights matrix as it is on the screen, one sheet."""
        matrix = request.env["kh.role.matrix"].get_matrix(
            role_ids=[id_ for id_ in map(parse_id, role_ids.split(",")) if id_],
            user_id=parse_id(user_id) or None,
            is_complete=bool(is_complete),
        )
        name = f"{matrix['title']}.xlsx"
        return request.make_response(
            self._write_sheet(matrix),
            [
                (
                    "Content-Type",
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                ),
                ("Content-Disposition", content_disposition(name)),
            ],
        )

    def _write_sheet(self, matrix):
        words = {
            "read": request.env._("Read"),
            "write": request.env._("Write"),
            "create": request.env._("Create"),
            "unlink": request.env._("Delete"),
        }
        stream = io.BytesIO()
        # names come from users: never a formula, never a link
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(stream, options) as workbook:
            bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
            sheet = workbook.add_worksheet()
            columns = [column["name"] for column in matrix["columns"]]
            heads = [request.env._("Kind"), request.env._("Permission"), *columns]
            for index, head in enumerate(heads):
                sheet.write_string(0, index, head, bold)
            sheet.set_column(0, 0, 14)
            sheet.set_column(1, 1, 44)
            sheet.set_column(2, len(heads), 18)
            sheet.freeze_panes(1, 2)
            line = 1
            for section in matrix["sections"]:
                for row in section["rows"]:
                    sheet.write_string(line, 0, section["name"])
                    sheet.write_string(line, 1, row["name"])
                    for index, cell in enumerate(row["cells"]):
                        sheet.write_string(line, 2 + index, self._get_text(cell, words))
                    line += 1
            sheet.autofilter(0, 0, max(line - 1, 1), len(heads) - 1)
        return stream.getvalue()

    def _get_text(self, cell, words):
        if "operations" in cell:
            return ", ".join(words[key] for key in words if key in cell["operations"])
        return cell["text"] or ("✓" if cell["yes"] else "")
