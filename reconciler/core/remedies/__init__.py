"""The text of an error in, what it means out: how we sort it, where it comes from, what helps, what we do ourselves.

text → refusal (``pasted``) → known text (``causes``, ``tokens``) → class (``core.refusals``) → explanation
"""

from reconciler.core.remedies.explanation import Explanation, explain

__all__ = ["Explanation", "explain"]
