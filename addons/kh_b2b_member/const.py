"""Limits of the public registration."""

# What may be uploaded, by content (not by name).
ALLOWED_MIMETYPES = ("application/pdf", "image/jpeg", "image/png")
MAX_FILE_SIZE = 10 * 1024 * 1024  # bytes
MAX_DOCUMENTS = 6  # beside the licence
MAX_FILENAME = 100
MAX_TEXT = 500  # characters of one field
MAX_PIXELS = 50_000_000  # of a picture
MAX_RESUME_LINKS = 3  # e-mails for one request

# Nobody fills in the form faster than this (seconds).
MIN_FILL_TIME = 5
# How long a form may stay open before it is sent (hours).
MAX_FORM_AGE = 48

# How often one network address may do something in an hour.
HOURLY_LIMITS = {
    "open": 10, "save": 150, "submit": 20, "check": 150, "mail": 5, "megabyte": 300,
}  # fmt: skip
# How often all addresses together may, against floods from many of them.
HOURLY_TOTALS = {"open": 300, "submit": 600, "mail": 200}
# How many e-mails with links one mailbox gets in an hour.
MAILS_TO_ONE = 3
# How long this browser is offered to go on with its application.
COOKIE = "kh_application"
COOKIE_DAYS = 14

# Drafts that were never sent and not touched for so many days are deleted.
DRAFT_DAYS = 30
