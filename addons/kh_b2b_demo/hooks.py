from .loader import load_demo


def post_init_hook(env):
    """Turn a fresh database into the demo company."""
    load_demo(env)
