"""What every part of the loader shares: external ids, data files, invented numbers."""

import csv
from pathlib import Path

from stdnum import ean
from stdnum.cn import uscc

from odoo import Command

# Records get ids in a name space of their own: they are ordinary business records, which an
# update must not clean up and an uninstall cannot (posted entries stay).
NAMESPACE = "kh_demo"
ROOT = Path(__file__).parent.parent


def read_csv(name):
    """Return the rows of `data/<name>.csv` as dictionaries."""
    with (ROOT / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def read_bytes(*path):
    return (ROOT / "static").joinpath(*path).read_bytes()


def make_uscc(region, serial):
    """Return a unified social credit code that is valid in form (统一社会信用代码).

    :param str region: six digits of the administrative division
    :param int serial: makes the invented organisation code
    """
    body = f"91{region}MA{serial:06d}K"
    return body + uscc.calc_check_digit(body)


def make_ean13(serial):
    """Return a bar code that is valid in form, from a prefix of mainland China."""
    body = f"697099{serial:06d}"
    return body + ean.calc_check_digit(body)


class Book:
    """Creates records once: each is known by an external id in `NAMESPACE`."""

    def __init__(self, env):
        self.env = env

    def get(self, ref):
        """Return the record of an id, or None."""
        return self.env.ref(f"{NAMESPACE}.{ref}", raise_if_not_found=False)

    def get_many(self, model, refs):
        """Return `{ref: record}` of the ids that exist, in one search."""
        data = self.env["ir.model.data"].search_fetch(
            [("module", "=", NAMESPACE), ("model", "=", model), ("name", "in", list(refs))],
            ["name", "res_id"],
        )
        records = self.env[model].browse(data.mapped("res_id"))
        return dict(zip(data.mapped("name"), records, strict=True))

    def remember(self, records_by_ref):
        self.env["ir.model.data"]._update_xmlids(
            [
                {"xml_id": f"{NAMESPACE}.{ref}", "record": record, "noupdate": True}
                for ref, record in records_by_ref.items()
            ]
        )

    def make(self, model, vals_by_ref, **context):
        """Create what does not exist yet, in one batch.

        :param dict vals_by_ref: `{ref: create values}`
        :return: `{ref: record}` of all of them
        """
        known = self.get_many(model, vals_by_ref)
        missing = [ref for ref in vals_by_ref if ref not in known]
        records = (
            self.env[model]
            .with_context(tracking_disable=True, **context)
            .create([vals_by_ref[ref] for ref in missing])
            .with_env(self.env)
        )
        created = dict(zip(missing, records, strict=True))
        self.remember(created)
        return {ref: known.get(ref) or created[ref] for ref in vals_by_ref}


def translate(records, field, chinese):
    """Write the zh_CN text of a translated field.

    :param list chinese: one text per record
    """
    for record, text in zip(records.with_context(lang="zh_CN"), chinese, strict=True):
        record[field] = text


def enable_features(env, *group_xmlids):
    """Switch on what core hides behind a setting, for all employees."""
    groups = [env.ref(xmlid) for xmlid in group_xmlids]
    env.ref("base.group_user").write({"implied_ids": [Command.link(g.id) for g in groups]})
