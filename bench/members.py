"""Dealers of an outside ERP taken over through the interface that the ERP calls."""

from stdnum.cn import uscc

from bench import data

TITLE = "members: dealers of an outside ERP, created and sent once more"
SIDES = {"ours": ["kh_b2b_portal"]}
#: dealers in the largest run
SCALE = 10_000
SOURCE = "bench"
AREAS = 100


def prepare(env, side, scale):
    env["kh.sync.source"].create({"name": "Bench ERP", "code": SOURCE})
    env["res.partner.grade"].create({"name": "Bench gold", "company_id": False})
    data.create_areas(env, AREAS)


def row(number):
    """One dealer as an ERP sends it, with contact, bank account, level, area and tax number."""
    body = f"91330108MA2{number:06d}"
    return {
        "code": f"K{number:06d}",
        "name": f"ERP dealer {number}",
        "vat": body + uscc.calc_check_digit(body),
        "city": "Hangzhou",
        "level": "Bench gold",
        "areas": [f"BC{number % (AREAS - 30):04d}"],
        "manager_name": f"Manager {number}",
        "manager_email": f"m{number}@bench.example.com",
        "bank_name": "Bench bank",
        "bank_account": f"62220000{number:08d}",
    }


def upsert(env, side, count, status):
    """Send `count` dealers in one run; with ``unchanged`` they have been sent before."""
    sources = env["kh.sync.source"]
    rows = [row(number) for number in range(count)]
    if status == "unchanged":
        sources.upsert_dealers(SOURCE, rows)
        env.flush_all()
        env.invalidate_all()

    def run():
        answer = sources.upsert_dealers(SOURCE, rows)
        env.flush_all()
        if answer["counts"][status] != count:
            raise ValueError(f"{answer['state']}: {answer['counts']}")

    return run


# "10,000 dealers upsert in one run within 2 minutes with constant memory": what a run holds for a
# row beside its answer must not add up, so ten times as many rows may take little more.
CASES = [
    {
        "case": "1,000 dealers created",
        "start": upsert,
        "args": {"count": 1000, "status": "created"},
        "peer": None,
        "limits": {"seconds": 12.0, "memory": 60.0},
        "rounds": 1,
    },
    {
        "case": "10,000 dealers created",
        "start": upsert,
        "args": {"count": SCALE, "status": "created"},
        "peer": None,
        "limits": {"seconds": 120.0, "memory": 100.0},
        "rounds": 1,
    },
    {
        "case": "1,000 dealers that have not changed",
        "start": upsert,
        "args": {"count": 1000, "status": "unchanged"},
        "peer": None,
        "limits": {"seconds": 2.0},
        "rounds": 1,
    },
]
