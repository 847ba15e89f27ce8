"""Benchmarks against Odoo core and its peers; run by ``./kh bench``.

A bench is a module of this package which says, without any framework:

* ``TITLE``: one line;
* ``SIDES``: for ``"ours"`` and ``"peer"``, the modules that its database needs; None for a peer
  that is plain Odoo with the core modules that ours need; more names, more databases;
* ``SCALE``: the default size, changed by ``./kh bench NAME --scale N``;
* ``prepare(env, side, scale)``: fill a new database, once (the caller commits);
* ``CASES``: a list of dictionaries with

  ========  ==========================================================================
  case      what is measured, as the table shows it
  start     ``start(env, side, **args)`` makes everything ready and returns the measured
            call, which takes no argument; what it changes is rolled back
  args      keyword arguments of ``start``
  bar       the highest ratio of the medians, ours to peer, that is accepted; may be left
            out where ``limits`` say enough
  limits    optional absolute bars on our side: ``seconds``, ``queries``, ``memory`` (MB), or
            ``value``, the figure in the case's own unit
  rounds    optional number of rounds, when the usual one is too many for a slow case or too
            few for one of a few milliseconds
  unit      optional; the figure is then what the call returns, in this unit, not its time
  once      True: one round alone, no warm-up and no round for the memory (a long case)
  ours,     optional: in which database the figure is measured, and what ``start`` is told as
  peer      its side: ``("ours", "raw")``; ``peer`` may be None: nothing to compare with
  ========  ==========================================================================
"""
