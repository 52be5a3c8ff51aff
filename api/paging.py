"""The way to the next page of a list, as a header beside the body's ``next``."""

from fastapi import Request, Response


def link_next(request: Request, response: Response, **asked: object) -> None:
    """The same question with what leads to the page behind this one."""
    url = request.url.include_query_params(**asked)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
