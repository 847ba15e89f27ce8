from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from ..engine import sync_rows


class SyncLookup(models.AbstractModel):
    """Words of the ERP to records of ours: levels, areas, people, provinces, countries."""

    _inherit = "kh.sync.engine"

    # === HOOKS === #
    @api.model
    def _get_reference_models(self):
        """Return `{target: model}` of targets that name a record; add-ons add theirs."""
        return {
            "country": "res.country",
            "state": "res.country.state",
            "level": "res.partner.grade",
            "areas": "kh.sales.area",
            "salesperson": "res.users",
        }

    def _find_references(self, target, words, company):
        """Return `{word: id}` of one target; words that are unknown or ambiguous are absent."""
        finders = {
            "country": self._find_countries,
            "level": self._find_levels,
            "areas": self._find_areas,
            "salesperson": self._find_salespeople,
        }
        return finders[target](words, company)

    # === BUSINESS METHODS === #
    def _look_up(self, rows, company):
        """Return `{(target, word): id}` for all words of the rows, in a query or two each.

        Provinces have the key ("state", country id, word).
        """
        words = defaultdict(set)
        for row in rows:
            for target in self._get_reference_models().keys() & row.values.keys():
                value = row.values[target]
                words[target].update(value if isinstance(value, list) else filter(None, [value]))
        states = words.pop("state", set())
        found = {}
        for target, names in words.items():
            ids = self._find_references(target, names, company)
            found.update({(target, word): record_id for word, record_id in ids.items()})
        if states:
            found.update(self._find_states(states))
        found.update(self._find_aliases(words, states, company))
        return found

    def _find_aliases(self, words, states, company):
        """Return what persons have decided a word means."""
        names = {name for target_names in words.values() for name in target_names} | states
        aliases = self.env["kh.sync.alias"].search(
            [("company_id", "=", company.id), ("word", "in", list(names))]
        )
        models_by_target = self._get_reference_models()
        found = {}
        for alias in aliases:
            if self.env[models_by_target[alias.target]].browse(alias.res_id).exists():
                found[alias.target, alias.word] = alias.res_id
        return found

    def _find_by_names(self, model, words, domain):
        """Return `{word: id}` of records with exactly this name in any language."""
        ids = defaultdict(set)
        for lang, _name in self.env["res.lang"].get_installed():
            records = self.env[model].with_context(lang=lang)
            for record in records.search(Domain(domain) & Domain("name", "in", list(words))):
                ids[record.name].add(record.id)
        return {word: min(found) for word, found in ids.items() if len(found) == 1}

    def _get_company_domain(self, company):
        return Domain("company_id", "in", [company.id, False])

    def _find_countries(self, words, company):
        by_code = self.env["res.country"].search([("code", "in", [w.upper() for w in words])])
        codes = {country.code: country.id for country in by_code}
        found = {word: codes[word.upper()] for word in words if word.upper() in codes}
        rest = words - found.keys()
        return found | self._find_by_names("res.country", rest, []) if rest else found

    def _find_states(self, words):
        """Return `{("state", country id, word): id}`: by code, name, short name, GB code.

        With the country None, when only one country has such a province.
        """
        keys = {word: sync_rows.get_state_keys(word) for word in words}
        found = {}
        states, matches = defaultdict(dict), defaultdict(list)
        for lang, _name in self.env["res.lang"].get_installed():
            countries = self.env["res.country.state"].with_context(lang=lang)
            for state in countries.search(self._get_states_domain(words)):
                for key in (state.code, *sync_rows.get_state_keys(state.name)):
                    states[state.country_id.id].setdefault(key.lower(), state.id)
        for country_id, by_key in states.items():
            for word, forms in keys.items():
                match = next((by_key[form] for form in forms if form in by_key), None)
                if match:
                    found["state", country_id, word] = match
                    matches[word].append(match)
        found.update({("state", None, w): ids[0] for w, ids in matches.items() if len(ids) == 1})
        return found

    def _get_states_domain(self, words):
        """Chinese provinces are few and compared in all their forms; others by name or code."""
        codes = [word.upper() for word in words]
        return (
            Domain("country_id", "=", self._get_china_id())
            | Domain("code", "in", codes)
            | Domain("name", "in", list(words))
        )

    def _get_china_id(self):
        return self.env["ir.model.data"]._xmlid_to_res_id("base.cn")

    def _find_levels(self, words, company):
        return self._find_by_names("res.partner.grade", words, self._get_company_domain(company))

    def _find_areas(self, words, company):
        domain = self._get_company_domain(company)
        areas = self.env["kh.sales.area"].search(domain & Domain("code", "in", list(words)))
        # an area of the company goes before a shared one of the same code
        areas = areas.sorted(lambda area: bool(area.company_id))
        found = {area.code: area.id for area in areas}
        rest = words - found.keys()
        return found | self._find_by_names("kh.sales.area", rest, domain) if rest else found

    def _find_salespeople(self, words, company):
        """Find active employees by login, reference or name."""
        domain = Domain("share", "=", False) & Domain("company_ids", "in", company.ids)
        words_low = {word.lower(): word for word in words}
        users = self.env["res.users"].search(
            domain
            & (
                Domain("login", "in", list(words | words_low.keys()))
                | Domain("partner_id.ref", "in", list(words))
                | Domain("name", "in", list(words))
            )
        )
        ids = defaultdict(set)
        found = {}
        for user in users:
            ids[user.partner_id.ref].add(user.id)
            ids[user.name].add(user.id)
            if user.login.lower() in words_low:
                found[words_low[user.login.lower()]] = user.id
        for word in words - found.keys():
            if len(ids.get(word, ())) == 1:
                found[word] = min(ids[word])
        return found

    # === RESOLVE ONE ROW === #
    def _resolve(self, row, facts):
        """Replace the words of a row by ids.

        :return: `{target: value}`, and the words that are unknown as `[(target, word)]`
        """
        theirs, unknown = {}, []
        references = self._get_reference_models()
        for target, value in row.values.items():
            if target not in references or value is None:
                theirs[target] = value
                continue
            words = value if isinstance(value, list) else [value]
            ids = [self._get_reference_id(target, word, row, facts) for word in words]
            missing = [word for word, found in zip(words, ids, strict=True) if not found]
            unknown += [(target, word) for word in missing]
            if not missing:
                theirs[target] = sorted(set(ids)) if isinstance(value, list) else ids[0]
        if theirs.get("state") and "country" not in row.values:
            # read from the cache of the lookup: a province says its country
            state = self.env["res.country.state"].browse(theirs["state"])
            theirs["country"] = state.country_id.id
        return theirs, unknown

    def _get_reference_id(self, target, word, row, facts):
        if target == "state":
            country_id = facts.words.get(("country", row.values.get("country")))
            keys = [("state", country_id or facts.country_id, word), ("state", word)]
            if not row.values.get("country"):
                keys += [("state", facts.china_id, word), ("state", None, word)]
            return next((facts.words[key] for key in keys if key in facts.words), None)
        return facts.words.get((target, word))
