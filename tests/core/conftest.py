"""Properties are searched without a clock: a busy machine is no finding."""

import hypothesis

hypothesis.settings.register_profile("core", deadline=None)
hypothesis.settings.load_profile("core")
