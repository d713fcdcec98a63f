"""Who issued a validation token, in the global cloud's spelling, whatever cloud is played (facts 7.3)."""

V1 = "https://sts.windows.net/{tenant}/"
V2 = "https://login.microsoftonline.com/{tenant}/v2.0"
