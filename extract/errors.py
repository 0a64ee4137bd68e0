"""The error family of the user's world: bad files, unknown names, stale or busy stores."""


class RetrieveError(Exception):
    """Base of every error that a user can cause and mend; its text is one sentence that says how."""


class ConfigError(RetrieveError):
    """A setting is unknown, of the wrong type or out of range."""


class PluginError(RetrieveError):
    """No module has this name, or a library that it needs is not installed."""


class PhotosError(RetrieveError):
    """A folder or list of photographs cannot be used as it is."""


class PhotoError(RetrieveError):
    """One photograph cannot be read; a run records the reason and goes on."""


class PhotoRetryError(PhotoError):
    """One photograph cannot be read here and now, e.g. for want of memory or a library; try it again."""


class WeightsError(RetrieveError):
    """The weights of a network are absent, altered or of another network."""


class StoreError(RetrieveError):
    """A store is missing, damaged, or cannot be written."""


class StoreBusyError(StoreError):
    """Another process is writing to the store."""


class RecipeMismatchError(StoreError):
    """Descriptors of two recipes would be mixed."""
