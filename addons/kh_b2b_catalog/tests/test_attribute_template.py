from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestAttributeTemplate(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.poles, cls.current = cls.env["product.attribute"].create(
            [
                {"name": name, "value_ids": [Command.create({"name": value}) for value in values]}
                for name, values in (("K poles", ("1P", "2P")), ("K current", ("6A", "10A", "16A")))
            ]
        )
        cls.template = cls.env["kh.attribute.template"].create(
            {
                "name": "K breakers",
                "line_ids": [
                    cls._line(cls.poles, cls.poles.value_ids),
                    cls._line(cls.current, cls.current.value_ids[:2], 20),
                ],
            }
        )
        cls.parent, cls.plain = cls.env["product.category"].create(
            [{"name": "K parent", "kh_attribute_template_id": cls.template.id}, {"name": "K plain"}]
        )
        cls.child = cls.env["product.category"].create(
            {"name": "K child", "parent_id": cls.parent.id}
        )

    @staticmethod
    def _line(attribute, values, sequence=10):
        return Command.create(
            {
                "sequence": sequence,
                "attribute_id": attribute.id,
                "value_ids": [Command.set(values.ids)],
            }
        )

    def _create(self, **vals):
        return self.env["product.template"].create({"name": "K product", **vals})

    def _grid(self, product):
        return {line.attribute_id: line.value_ids for line in product.attribute_line_ids}

    def test_category_gives_the_grid(self):
        product = self._create(categ_id=self.child.id)
        self.assertEqual(
            self._grid(product),
            {self.poles: self.poles.value_ids, self.current: self.current.value_ids[:2]},
        )
        self.assertEqual(product.product_variant_count, 4)
        self.assertEqual(self.template.variant_count, 4)
        self.assertEqual(product.kh_attribute_template_id, self.template)
        self.assertFalse(self._create(categ_id=self.plain.id).attribute_line_ids)

    def test_the_nearest_category_decides(self):
        other = self.env["kh.attribute.template"].create(
            {"name": "K other", "line_ids": [self._line(self.poles, self.poles.value_ids[:1])]}
        )
        self.child.kh_attribute_template_id = other
        self.assertEqual(self._create(categ_id=self.child.id).kh_attribute_template_id, other)
        other.active = False
        self.assertEqual(
            self._create(categ_id=self.child.id).kh_attribute_template_id, self.template
        )

    def test_what_is_given_stays(self):
        own = [self._line(self.poles, self.poles.value_ids[:1])]
        product = self._create(categ_id=self.child.id, attribute_line_ids=own)
        self.assertEqual(self._grid(product), {self.poles: self.poles.value_ids[:1]})
        none = self._create(categ_id=self.child.id, kh_attribute_template_id=False)
        self.assertFalse(none.attribute_line_ids)
        chosen = self._create(categ_id=self.plain.id, kh_attribute_template_id=self.template.id)
        self.assertEqual(chosen.product_variant_count, 4)

    def test_a_product_named_without_attributes_has_none(self):
        bare = self._create(categ_id=self.plain.id)
        bare.categ_id = self.child
        self.assertFalse(bare.copy().attribute_line_ids)
        self.assertFalse(
            self._create(categ_id=self.child.id, attribute_line_ids=[]).attribute_line_ids
        )

    def test_templates_of_other_companies_are_passed_over(self):
        ours, theirs = self.env.company, self.env["res.company"].create({"name": "K company"})
        other = self.env["kh.attribute.template"].create(
            {
                "name": "K theirs",
                "company_id": theirs.id,
                "line_ids": [self._line(self.poles, self.poles.value_ids[:1])],
            }
        )
        self.child.kh_attribute_template_id = other
        products = self.env["product.template"].create(
            [
                {"name": "K", "categ_id": self.child.id, "company_id": company}
                for company in (False, ours.id, theirs.id)
            ]
        )
        self.assertEqual(
            [product.kh_attribute_template_id for product in products],
            [self.template, self.template, other],
        )
        self.assertEqual([product.product_variant_count for product in products], [4, 4, 1])
        form = Form(self.env["product.template"])
        form.name = "K in form"
        form.categ_id = self.child
        self.assertEqual(form.save().kh_attribute_template_id, self.template)

    def test_form_shows_the_grid_before_saving(self):
        self.env.user.group_ids += self.env.ref("product.group_product_variant")
        form = Form(self.env["product.template"])
        form.name = "K in form"
        form.categ_id = self.child
        self.assertEqual(form.kh_attribute_template_id, self.template)
        self.assertEqual(len(form.attribute_line_ids), 2)
        product = form.save()
        self.assertEqual(product.product_variant_count, 4)

    def test_who_does_not_see_the_grid_gets_it_too(self):
        self.env.user.group_ids -= self.env.ref("product.group_product_variant")
        form = Form(self.env["product.template"])
        form.name = "K in form"
        form.categ_id = self.child
        self.assertEqual(form.save().product_variant_count, 4)

    def test_a_single_variant_gets_no_grid(self):
        product = self.env["product.product"].create({"name": "K", "categ_id": self.child.id})
        self.assertFalse(product.attribute_line_ids)

    def test_many_products_find_their_templates_at_once(self):
        def count(number):
            vals_list = [{"name": f"K {n}", "categ_id": self.child.id} for n in range(number)]
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["product.template"]._kh_add_template_attributes(vals_list)
            self.assertTrue(all(vals["attribute_line_ids"] for vals in vals_list))
            return self.env.cr.sql_log_count - before

        count(1)  # warm
        self.assertEqual(count(1), count(50))

    def test_preview_adds_and_takes_nothing_away(self):
        bare = self._create(categ_id=self.plain.id)
        half = self._create(
            categ_id=self.plain.id,
            attribute_line_ids=[self._line(self.current, self.current.value_ids[1:])],
        )
        full = self._create(categ_id=self.child.id)
        wizard = (
            self.env["kh.attribute.template.apply"]
            .with_context(active_model="product.template", active_ids=(bare | half | full).ids)
            .create({"template_id": self.template.id})
        )
        rows = {line.product_tmpl_id: line for line in wizard.line_ids}
        self.assertEqual(
            [(rows[p].variants_now, rows[p].variants_then) for p in (bare, half, full)],
            [(1, 4), (2, 6), (4, 4)],
        )
        self.assertTrue(rows[bare].replaces_variants)
        self.assertFalse(rows[full].added)
        self.assertEqual(wizard.change_count, 2)
        self.assertFalse(bare.attribute_line_ids)  # a preview changes nothing
        wizard.action_apply()
        for product in (bare, half, full):
            self.assertEqual(product.product_variant_count, rows[product].variants_then)
        self.assertEqual(self._grid(half)[self.current], self.current.value_ids)
        self.assertFalse(half._kh_apply_attribute_template(self.template))  # once is enough

    def test_values_belong_to_the_attribute(self):
        with self.assertRaises(ValidationError):
            self.template.line_ids[0].value_ids = self.current.value_ids
        with self.assertRaises(ValidationError):
            self.template.line_ids[0].value_ids = False

    def test_only_the_product_manager_writes(self):
        staff = new_test_user(self.env, "k_staff", groups="kh_b2b_member.group_b2b_order_clerk")
        manager = new_test_user(
            self.env, "k_manager", groups="kh_b2b_member.group_b2b_product_manager"
        )
        self.assertEqual(self.template.with_user(staff).name, "K breakers")
        with self.assertRaises(AccessError):
            self.template.with_user(staff).name = "Mine"
        self.template.with_user(manager).name = "Ours"
        with self.assertRaises(AccessError):
            self._create().with_user(staff)._kh_apply_attribute_template(self.template)

    def test_template_of_another_company_is_hidden(self):
        company = self.env["res.company"].create({"name": "K company"})
        self.template.company_id = company
        manager = new_test_user(
            self.env, "k_manager", groups="kh_b2b_member.group_b2b_product_manager"
        )
        found = self.env["kh.attribute.template"].with_user(manager).search([])
        self.assertNotIn(self.template, found)
