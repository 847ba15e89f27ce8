from werkzeug.exceptions import NotFound
from werkzeug.urls import url_encode

from odoo.http import request, route

from odoo.addons.kh_b2b_member.utils import parse_id
from odoo.addons.kh_b2b_order.utils import (
    format_money,
    format_price,
    format_quantity,
    parse_page,
)
from odoo.addons.kh_b2b_pricing.models.product_own_price import as_bound
from odoo.addons.website_sale.controllers.main import WebsiteSale

from ..const import DEFAULT_SORT, LAYOUTS, ROW_CHOICES, ROWS_PER_PAGE, SORTS
from ..utils import normalise

LAYOUT_SESSION_KEY = "kh_shop_layout"
ROWS_SESSION_KEY = "kh_shop_rows"


class ShopCatalogue(WebsiteSale):
    """The catalogue as a table to order from (W2), on B2B shops."""

    @route()
    def shop(self, page=0, category=None, search="", **post):
        website = request.website
        if not website.kh_is_b2b or not website.has_ecommerce_access():
            return super().shop(page=page, category=category, search=search, **post)
        category = self._validate_and_get_category(category)
        values = self._kh_prepare_catalogue_values(
            category, normalise(search), parse_page(page), **post
        )
        return request.render("kh_b2b_portal.shop", values)

    @route(
        "/shop/kh/facets",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        readonly=True,
        sitemap=False,
    )
    def kh_facets(self, category="", search="", **post):
        """The panel of specifications of a catalogue page, fetched when the reader opens it.

        Takes the parameters of that page, the id of its category among them.

        :return: a piece of HTML, empty where the page offers no such panel
        :raise NotFound: not a shop for dealers, or one must log in first
        """
        website = request.website
        if not website.kh_is_b2b or not website.has_ecommerce_access():
            raise NotFound
        category = self._validate_and_get_category(parse_id(category) or None)
        search = normalise(search)
        asked = self._kh_read_query(category, search, **post)
        facets = []
        if self._kh_offers_facets(asked):
            domain = website._kh_catalogue_domain(search, category, asked["prices"])
            is_kept = not search and not any(asked["prices"])
            facets = website._kh_facets(domain, asked["filters"], is_kept=is_kept)
        query = self._kh_make_query(asked, post.get("order"))
        path = self._get_shop_path(category)
        return request.render(
            "kh_b2b_portal.shop_facets",
            {
                "facets": facets,
                "relink": lambda **changes: self._kh_link(path, **{**query, **changes}),
            },
        )

    def _kh_read_query(self, category, search, **post):
        """What an address narrows the catalogue to; nonsense is left out."""
        return {
            "search": search,
            "category": category,
            "prices": self._kh_price_range(post),
            "filters": request.website._kh_read_filters(post),
            "zone": request.website._kh_find_zone(post.get("kh_zone")),  # sudo; may be none
        }

    def _kh_make_query(self, asked, order):
        """The address again, of what `_kh_read_query` understood."""
        query = {
            "search": asked["search"],
            "order": order if order in SORTS and order != DEFAULT_SORT else "",
            "kh_zone": asked["zone"] and asked["zone"]._kh_zone_key(),
            **self._kh_price_query(asked["prices"]),
            **self._kh_filter_query(asked["filters"]),
        }
        return {key: value for key, value in query.items() if value}

    @staticmethod
    def _kh_offers_facets(asked):
        """Values of a whole catalogue are not counted: they say little, and it takes long."""
        return bool(asked["category"] or asked["search"] or asked["filters"].values)

    def _kh_find_page(self, asked, sort, page, step):
        """One page of `step` rows: ``(products, total, page)``; the first beyond the end."""
        search = {key: value for key, value in asked.items() if key != "zone"}
        search.update(sort=sort, limit=step)
        website = request.website
        offset = max(page - 1, 0) * step
        products, total = website._kh_catalogue_search(**search, offset=offset)
        if page > 1 and not products:  # for example after a filter
            page = 1
            products, total = website._kh_catalogue_search(**search)
        return products, total, page

    def _kh_prepare_catalogue_values(
        self, category, search, page, order="", layout="", rows="", **post
    ):
        """Everything the catalogue page shows, in a constant number of queries."""
        website = request.website
        sort = order if order in SORTS else DEFAULT_SORT
        url = self._get_shop_path(category)
        asked = self._kh_read_query(category, search, **post)
        query = self._kh_make_query(asked, sort)
        step = self._kh_page_size(rows)
        products, total, page = self._kh_find_page(asked, sort, page, step)
        return {
            **({"main_object": category} if category else {}),
            "additional_title": category.name or request.env._("Catalog"),
            "category": category,
            "search": search,
            "sort": sort,
            "sorts": self._kh_sort_labels(),
            "shop_url": url,
            "query": query,
            "price_query": self._kh_price_query(asked["prices"]),
            "zone": query.get("kh_zone", ""),
            "banner": self._kh_banner(asked["zone"]),
            "layout": self._kh_layout(layout),
            "rows": website._kh_catalogue_rows(products, request.cart),
            "total": total,
            "categories": website._kh_category_tree(),
            "pager": website.pager(
                url=url, total=total, page=page, step=step, scope=5, url_args=query
            ),
            "page_size": step,
            "page_sizes": ROW_CHOICES if total > ROWS_PER_PAGE else (),
            **self._kh_filter_values(asked),
            **self._kh_link_values(),
            **self._kh_page_values(),
            "relink": lambda **changes: self._kh_link(url, **{**query, **changes}),
        }

    @staticmethod
    def _kh_filter_query(filters):
        """The parameters that stand for the filters in an address."""
        return {
            "stock": "1" if filters.in_stock else "",
            "bought": filters.bought,
            "values": ",".join(map(str, filters.values)),
        }

    def _kh_filter_values(self, asked):
        """What the row of filters shows; the panel of specifications is fetched when opened."""
        website = request.website
        return {
            "filters": asked["filters"],
            "chosen_values": website._kh_chosen_values(asked["filters"]),
            "offers_facets": self._kh_offers_facets(asked),
            "offers_stock": website._kh_offers_stock_filter(),
            "offers_bought": website._kh_offers_bought_filter(),
        }

    @staticmethod
    def _kh_price_range(post):
        """Read the price range of an address, the lower end first; nonsense is an open end."""
        low, high = (as_bound(normalise(post.get(name))) for name in ("min_price", "max_price"))
        return (high, low) if low and high and low > high else (low, high)

    @staticmethod
    def _kh_price_query(prices):
        """The parameters that stand for a price range in an address."""
        return {
            name: format_price(price, 6, 0).replace(",", "").rstrip(".")
            for name, price in zip(("min_price", "max_price"), prices, strict=True)
            if price
        }

    def _kh_link_values(self):
        """What leads from the catalogue page to others."""
        return {"zones": request.website._kh_list_zones(), "link": self._kh_link}

    @staticmethod
    def _kh_banner(zone_sudo):
        """What stands above the products of a zone; empty for one without a banner.

        :param zone_sudo: a zone that the viewer was found to enter, or none
        """
        if not zone_sudo or not (zone_sudo.banner_title or zone_sudo.banner_image):
            return {}
        image = ""
        if zone_sudo.banner_image:
            version = int(zone_sudo.write_date.timestamp())
            image = f"/shop/zone-banner/{zone_sudo._kh_zone_key()}?v={version}"
        return {
            "title": zone_sudo.banner_title or zone_sudo.name,
            "text": zone_sudo.banner_text or "",
            "image": image,
            "until": zone_sudo.zone_to,
        }

    @staticmethod
    def _kh_page_values():
        """What every page with catalogue rows needs."""
        website = request.website
        return {
            "kh_is_visitor": request.env.user._is_public(),
            "kh_currency": website.currency_id,
            "kh_tax_included": website.show_line_subtotals_tax_selection == "tax_included",
            "kh_price_digits": request.env["decimal.precision"].precision_get("Product Price"),
            "kh_price": format_price,
            "kh_qty": format_quantity,
            "kh_money": format_money,
        }

    @staticmethod
    def _kh_link(path, **query):
        """The address of a page with those of the given parameters that say anything."""
        query = {key: value for key, value in query.items() if value}
        return f"{path}?{url_encode(query)}" if query else path

    @staticmethod
    def _kh_layout(layout):
        """The layout asked for, remembered; the table unless the user chose otherwise."""
        if layout in LAYOUTS:
            request.session[LAYOUT_SESSION_KEY] = layout
        remembered = request.session.get(LAYOUT_SESSION_KEY)
        return remembered if remembered in LAYOUTS else LAYOUTS[0]

    @staticmethod
    def _kh_page_size(rows):
        """The rows of a page asked for, remembered; few unless the user chose otherwise."""
        if parse_id(rows) in ROW_CHOICES:
            request.session[ROWS_SESSION_KEY] = parse_id(rows)
        remembered = request.session.get(ROWS_SESSION_KEY)
        return remembered if remembered in ROW_CHOICES else ROWS_PER_PAGE

    @staticmethod
    def _kh_sort_labels():
        _ = request.env._
        if request.env.user._is_public():
            low, high = _("Market price, low to high"), _("Market price, high to low")
        else:
            low, high = _("My price, low to high"), _("My price, high to low")
        return {
            "featured": _("Featured"),
            "code": _("Item no."),
            "name": _("Name"),
            "price": low,
            "price_desc": high,
            "newest": _("Newest"),
        }

    def _prepare_product_values(self, product, category, **kwargs):
        website = request.website
        if website.kh_is_b2b:
            is_dealer = not request.env.user._is_public()
            product = product._kh_preload_prices(website).with_context(kh_no_markup=is_dealer)
        values = super()._prepare_product_values(product, category, **kwargs)
        if website.kh_is_b2b:
            if is_dealer:
                values["product_markup_data"] = ""
            variants = product.product_variant_ids
            rows = website._kh_catalogue_rows(variants, request.cart) if variants else []
            if not all(row.can_add for row in rows):
                rows = []  # core's form asks for what must be chosen first
            values.update(self._kh_page_values())
            values["kh_rows"] = [row._replace(variant_count=0) for row in rows]
            values["kh_matrix"] = rows and website._kh_variant_matrix(product, values["kh_rows"])
        return values
