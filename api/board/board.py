"""`/board/{journey}`: who stands in which stage, now or on any day."""

from fastapi import Depends
from fastapi.responses import HTMLResponse

from api.board.refusing import page_router
from api.board.view import Looking, View
from api.boards import FIRST_CARDS, cursor_of, read_cursor, rulebook_of, titles_of
from api.login import logged_in
from api.sample_workspace import GROCERY
from domain.refusals import UnknownStage
from projections.board import Question

router = page_router()


@router.get("/board/{journey}", dependencies=[Depends(logged_in)])
def board(view: Looking, journey: str, as_of: str = "") -> HTMLResponse:
    """The columns of all stages."""
    question = _question(view.to(journey, "board"), journey, as_of)
    columns = view.service.board.columns(question, rulebook_of(view.service, question).stage_ids, FIRST_CARDS)
    return view.render(
        "board.html",
        columns=columns,
        cursor_of=cursor_of,
        question=question,
        asked=as_of,
        total=sum(column.count for column in columns),
        ways=view.ways(question.as_of),
        sample=journey == GROCERY,
        head=view.service.log.reading.head(),
    )


@router.get("/board/{journey}/stages/{stage}", dependencies=[Depends(logged_in)])
def more_cards(view: Looking, journey: str, stage: str, cursor: str, as_of: str = "") -> HTMLResponse:
    """The next cards of a column, as a fragment."""
    view.to(journey, "board")
    if stage not in titles_of(view.service, journey):
        raise UnknownStage()
    question = _question(view, journey, as_of)
    column = view.service.board.page(question, stage, read_cursor(cursor), FIRST_CARDS)
    return view.render("cards.html", column=column, cursor_of=cursor_of, asked=as_of)


def _question(view: View, journey: str, as_of: str) -> Question:
    position, until = view.service.board.worked()
    versions = view.service.versions(journey, position, unknown_is_none=True)
    return Question(journey, versions, view.instant(as_of, until), position, view.service.staff(None))
