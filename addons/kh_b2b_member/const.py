"""Limits of the public registration."""

# What may be uploaded, by content (not by name).
ALLOWED_MIMETYPES = ("application/pdf", "image/jpeg", "image/png")
MAX_FILE_SIZE = 10 * 1024 * 1024  # bytes
MAX_DOCUMENTS = 6  # beside the licence
MAX_FILENAME = 100
MAX_TEXT = 500  # characters of one field

# Nobody fills in the form faster than this (seconds).
MIN_FILL_TIME = 5
# How long a form may stay open before it is sent (hours).
MAX_FORM_AGE = 48

# How often one network address may do something in an hour.
HOURLY_LIMITS = {"open": 10, "save": 150, "submit": 20, "check": 300}

# Drafts that were never sent and not touched for so many days are deleted.
DRAFT_DAYS = 30

STEPS = ("license", "company", "manager", "invoice", "confirm")
STEP_FIELDS = {
    "license": ("member_type", "license_file"),
    "company": ("name", "vat", "legal_person", "phone", "state_id", "city", "street2", "street"),
    "manager": ("manager_name", "manager_phone", "manager_email", "manager_function"),
    "invoice": (
        "invoice_title", "invoice_address", "invoice_phone", "bank_name", "bank_account",
    ),
    "confirm": ("note", "attachment_ids"),
}  # fmt: skip
