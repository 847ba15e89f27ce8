"""What an add-on leaves behind is named; what Odoo moves by itself is not."""

import json

from tools.kh.residue import Snapshot, compare


def snapshot(columns=(), rows=None, xmlids=None):
    return Snapshot(
        structure={"column": set(columns)},
        rows={
            table: {key: json.dumps(values) for key, values in content.items()}
            for table, content in (rows or {}).items()
        },
        xmlids=xmlids or {},
    )


def test_equal_snapshots_have_no_residue():
    one = snapshot(["a.b"], {"ir_rule": {"1": {"name": "Rule"}}})
    assert compare(one, one) == []


def test_left_columns_and_rows_are_named():
    before = snapshot(["sale_order.id"], {"ir_rule": {}, "res_groups": {}})
    after = snapshot(
        ["sale_order.id", "sale_order.kh_stage"],
        {"ir_rule": {"7": {"name": "Dealer's own"}}, "res_groups": {"3": {"name": {"en_US": "X"}}}},
        {("res_groups", "3"): "kh_x.group_dealer"},
    )
    assert compare(before, after) == [
        "column left: sale_order.kh_stage",
        "row left in ir_rule: Dealer's own",
        "row left in res_groups: kh_x.group_dealer",
    ]


def test_lost_and_changed_rows_of_core_are_named():
    before = snapshot(rows={"website_menu": {"1": {"name": "Shop", "url": "/shop"}, "2": {}}})
    after = snapshot(rows={"website_menu": {"1": {"name": "Shop", "url": "/b2b"}}})
    assert compare(before, after) == [
        "row changed in website_menu: Shop (url)",
        "row lost from website_menu: 2",
    ]


def test_the_list_of_known_modules_is_odoos_own():
    before = snapshot(rows={"ir_model_data": {}})
    after = snapshot(rows={"ir_model_data": {"1": {"module": "base", "name": "module_kh_x"}}})
    assert compare(before, after) == []


def test_what_odoo_leaves_after_every_addon_is_not_ours():
    names = {"module": "mail", "name": "selection__kh_x__activity_state__today"}
    inherit = {"module": "portal", "name": "model_inherit__kh_x__mail_thread"}
    ours = {"module": "kh_x", "name": "group_dealer"}
    key = {"name": "sale_order_kh_x_id_fkey"}
    before = snapshot(rows={"ir_model_data": {}, "ir_model_constraint": {}})
    after = snapshot(
        rows={
            "ir_model_data": {"1": names, "2": inherit, "3": ours},
            "ir_model_constraint": {"1": key},
        }
    )
    assert compare(before, after) == ["row left in ir_model_data: kh_x.group_dealer"]
    # … but a foreign key that is still there is a residue, and so is its row
    before.structure["constraint"] = set()
    after.structure["constraint"] = {"sale_order.sale_order_kh_x_id_fkey"}
    assert compare(before, after) == [
        "constraint left: sale_order.sale_order_kh_x_id_fkey",
        "row left in ir_model_constraint: sale_order_kh_x_id_fkey",
        "row left in ir_model_data: kh_x.group_dealer",
    ]
