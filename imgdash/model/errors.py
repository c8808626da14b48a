"""What can go wrong, in words: every error of imgdash names its cause and its remedy."""


class ImgdashError(Exception):
    """An error that a person can act on.

    Parameters
    ----------
    cause
        What happened, in one sentence, naming the thing it happened to.
    remedy
        What to do about it, in one sentence; the command or the setting by name.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        self.cause = cause
        self.remedy = remedy
        super().__init__(f"{cause} {remedy}".strip())


class NotAllowed(ImgdashError):
    """The lifecycle of an image, queue entry or request does not have this step, or the role may not take it."""


class NotFound(ImgdashError):
    """No image, order, request, queue entry, apparatus or condition key of this name."""


class Unreadable(ImgdashError):
    """A file that is not DICOM, or whose pixels cannot be decoded: it becomes a request, not a crash (R4)."""


class RecordsFailed(ImgdashError):
    """Journal or database could not be written or read, whatever was to be kept: the same may succeed later."""


class PeerFailed(ImgdashError):
    """Another machine could not be reached, refused, or answered with a failure.

    Attributes
    ----------
    status
        The DIMSE status or HL7 acknowledgement code the peer gave, or None if it gave none.
    retry
        False where repeating the same message cannot help.
    heard
        It is there and did something with the message, if only to abort, to hang up or to answer nonsense: on which
        one message it does so every time, that message is set aside. One that is away or silent is waited for.
    silent
        It is there, but did not answer the message in time: it hangs, or does not know this kind of message.
    """

    def __init__(
        self,
        cause: str,
        remedy: str = "",
        *,
        status: int | str | None = None,
        retry: bool = True,
        heard: bool = False,
        silent: bool = False,
    ) -> None:
        super().__init__(cause, remedy)
        self.status = status
        self.retry = retry
        self.heard = heard or status is not None
        self.silent = silent
