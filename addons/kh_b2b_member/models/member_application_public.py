import base64
import io
import os
import time

from PIL import Image

from odoo import Command, api, fields, models
from odoo.fields import Domain
from odoo.tools.mimetypes import guess_mimetype

from .. import const
from ..engine import checks
from ..utils import parse_id
from .member_application import OPEN_STATES
from .res_partner import PERSON_TYPES

# Which search for duplicates a field asks for.
DUPLICATE_KINDS = {"vat": "vat", "manager_phone": "phone", "manager_email": "email"}


class MemberApplication(models.Model):
    """What the public registration page asks of the model. All of it runs as superuser."""

    _inherit = "kh.member.application"

    # === BUSINESS METHODS - PUBLIC FORM === #
    @api.model
    def _get_now_timestamp(self):
        return int(time.time())

    @api.model
    def _prepare_applicant_vals(self, post):
        """Return the values of an application from what was typed; unknown keys are dropped.

        :param dict post: form fields; texts are cut to a sane length
        """
        vals = {}
        for name in self._get_applicant_fields() & post.keys():
            field = self._fields[name]
            value = (post[name] or "").strip()[: const.MAX_TEXT]
            if field.type == "many2one":
                value = self._get_valid_id(field.comodel_name, value)
            elif field.type == "selection" and value not in field.get_values(self.env):
                continue
            elif field.type == "monetary":
                value = checks.parse_amount(value)
            vals[name] = value or False
        self._complete_applicant_vals(vals)
        return vals

    @api.model
    def _complete_applicant_vals(self, vals):
        """Fill in what follows from the rest, and drop what the type does not ask for."""
        if vals.get("member_type") in PERSON_TYPES:
            # a person who applies is the one to talk to
            vals["manager_name"] = vals.get("name", False)
            vals |= dict.fromkeys(("vat", "legal_person"), False)
        elif vals.get("member_type"):
            vals["identity_number"] = False
        if "invoice_title" in vals and not vals["invoice_title"]:
            vals["invoice_title"] = vals.get("name")

    @api.model
    def _get_valid_id(self, model, value):
        return self.env[model].browse(filter(None, [parse_id(value)])).exists().id

    def _save_files(self, license_file, documents, removed_ids):
        """Keep uploaded files that are small enough and are what they claim to be.

        :param license_file: the licence as uploaded, or None
        :param list documents: further uploads
        :param set removed_ids: attachments of this application to delete
        :return: what is wrong, `{field name: text}`; the other files are kept
        :rtype: dict[str, str]
        """
        self.ensure_one()
        errors = {}
        removed = self.attachment_ids.filtered(lambda a: a.id in removed_ids)
        removed.unlink()
        if license_file and license_file.filename:
            content, error = self._read_upload(license_file)
            if error:
                errors["license_file"] = error
            else:
                self.write(
                    {
                        "license_file": base64.b64encode(content),
                        "license_filename": self._get_safe_filename(license_file.filename),
                    }
                )
        self._save_documents([f for f in documents if f.filename], errors)
        return errors

    def _save_documents(self, documents, errors):
        room = const.MAX_DOCUMENTS - len(self.attachment_ids)
        if len(documents) > room:
            errors["attachment_ids"] = self.env._(
                "At most %(count)s files beside the licence.", count=const.MAX_DOCUMENTS
            )
        vals_list = []
        for document in documents[: max(room, 0)]:
            content, error = self._read_upload(document)
            if error:
                errors["attachment_ids"] = f"{self._get_safe_filename(document.filename)}: {error}"
                continue
            vals_list.append(
                {
                    "name": self._get_safe_filename(document.filename),
                    "raw": content,
                    # by content, whatever the name says
                    "mimetype": guess_mimetype(content),
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        attachments = self.env["ir.attachment"].create(vals_list)
        if attachments:
            self.attachment_ids = [Command.link(attachment.id) for attachment in attachments]

    @api.model
    def _read_upload(self, upload):
        """Return the content of an upload and what is wrong with it, if anything."""
        content = upload.read(const.MAX_FILE_SIZE + 1)
        if len(content) > const.MAX_FILE_SIZE:
            megabytes = const.MAX_FILE_SIZE // (1024 * 1024)
            return b"", self.env._("Larger than %(size)s MB.", size=megabytes)
        mimetype = guess_mimetype(content)
        if mimetype not in const.ALLOWED_MIMETYPES:
            return b"", self.env._("Not a PDF, JPG or PNG file.")
        if mimetype.startswith("image/") and not self._is_sane_image(content):
            return b"", self.env._("This picture cannot be read, or has too many pixels.")
        return content, None

    @api.model
    def _is_sane_image(self, content):
        """Whether `content` begins like a picture of a sane size; decodes nothing."""
        try:
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
        except (OSError, ValueError, Image.DecompressionBombError):
            return False
        return 0 < width * height <= const.MAX_PIXELS

    @api.model
    def _get_safe_filename(self, filename):
        name = os.path.basename(filename.replace("\\", "/"))
        return "".join(c for c in name if c.isprintable())[-const.MAX_FILENAME :] or "file"

    @api.model
    def _check_value(self, field, value, application):
        """Check one typed value.

        :param application: the draft it belongs to (may be empty); it is no duplicate of itself
        :return: status and a text for the applicant: "ok"; "invalid"; "known" (it cannot be
            sent); "used" (somebody has it, it can be sent). Never who has it
        :rtype: tuple[str, str]
        """
        rules = self._get_value_rules(application)
        if field not in rules or not value.strip():
            return "ok", ""
        is_valid, message = rules[field]
        if not is_valid(value):
            return "invalid", message
        if field in DUPLICATE_KINDS and self._is_known(field, value, application):
            if field == "manager_phone":
                return "used", self.env._(
                    "This number is in use here. If it is yours, log in; else just go on."
                )
            return "known", self._get_known_text()
        return "ok", ""

    @api.model
    def _get_value_rules(self, application):
        _ = self.env._
        is_person = application._is_person() if application else False
        account = _("The number does not match its check digit.")
        return {
            "vat": (self._is_code, _("The code does not match its check digit.")),
            "identity_number": (checks.is_valid_identity, _("Not an ID card or passport.")),
            "manager_phone": (checks.is_valid_mobile, _("11 digits, please.")),
            "phone": (checks.is_valid_phone, _("Not a phone number.")),
            "invoice_phone": (checks.is_valid_phone, _("Not a phone number.")),
            "manager_email": (checks.is_valid_email, _("Not an e-mail address.")),
            "credit_request_amount": (
                lambda value: checks.parse_amount(value) is not None,
                _("An amount, please, like 100000."),
            ),
            "bank_account": (
                lambda value: checks.is_valid_account(value, is_person),
                account if is_person else _("8 to 30 digits, please."),
            ),
        }

    def _is_code(self, value):
        return checks.is_valid_code(value, self.env.company.kh_allow_legacy_code)

    def _is_known(self, field, value, application):
        vals = {field: value, "company_id": self.env.company.id}
        self._normalize_vals(vals)
        probe = self.new(vals, origin=application or None)
        return bool(probe._find_duplicates()[probe][DUPLICATE_KINDS[field]])

    @api.model
    def _send_resume_links(self, email):
        """Send the links of their open applications to an address; silent if there are none.

        :param str email: as typed; the caller limits how often
        """
        email = checks.normalize(email).lower()
        if not checks.is_valid_email(email):
            return
        domain = Domain("manager_email", "=", email) & Domain("state", "in", OPEN_STATES)
        domain &= Domain("company_id", "=", self.env.company.id)
        applications = self.search(domain, limit=const.MAX_RESUME_LINKS)
        applications._send_mail("kh_b2b_member.mail_template_application_resume")

    # === CRON === #
    @api.autovacuum
    def _gc_abandoned_drafts(self):
        """Delete what strangers began and never sent."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=const.DRAFT_DAYS)
        domain = Domain("state", "=", "draft") & Domain("submitted_date", "=", False)
        domain &= Domain("write_date", "<", limit) & Domain("create_uid.share", "=", True)
        self.with_context(active_test=False).search(domain, limit=1000).unlink()
