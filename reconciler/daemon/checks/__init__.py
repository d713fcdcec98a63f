"""The checks of ``reconcile doctor``, from outside in: what was found, why, and what to do about it.

``running`` carries checks out, at once and each by itself; ``finding`` says what comes of one. What is asked is in
``origins``, ``urls`` and ``tenants``; how the answers are judged is beside it, pure, one module per subject.
"""
