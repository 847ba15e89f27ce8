"""Answers that the server keeps for all transactions."""


def clear_caches(env):
    """Forget what the server knows: now, for this transaction, and again after its commit.

    In between another thread may ask, still see the old rows, and fill the cache with the old
    answer; only what is asked after the commit is right for good. Called after the change.
    """
    registry, postcommit = env.registry, env.cr.postcommit
    registry.clear_cache()
    if "kh_b2b_catalog.clear_caches" not in postcommit.data:
        postcommit.data["kh_b2b_catalog.clear_caches"] = True
        postcommit.add(registry.clear_cache)
