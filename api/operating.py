"""`/v1/projections` and `/v1/parked`: how far the rows are, who is set aside, and what may be done about it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Actor, allowed
from api.openapi.describing import answers
from api.openapi.operations import ParkedCustomers, Projections
from api.openapi.parameters import ParkedPosition, ProjectionName
from api.paging import link_next
from api.wiring import Service
from domain.instants import rfc_3339
from domain.refusals import NothingParked, UnknownProjection
from event_log.operating import Parked, Partition, Status, Version
from projections.rebuild import NothingKept

router = APIRouter(prefix="/v1", tags=["operations"])

Looks = Annotated[Actor, Depends(allowed("read_operations"))]
Operates = Annotated[Actor, Depends(allowed("operate"))]


@router.get("/projections", operation_id="listProjections", responses=answers(Projections))
def projections(request: Request, _: Looks) -> dict[str, Any]:
    """Every version of every projection: how far it is, and who works its partitions."""
    status = _service(request).operating.status()
    return {"items": [version_json(status, version) for version in status.versions], "next": None}


@router.post(
    "/projections/{projection}/rebuild",
    operation_id="rebuildProjection",
    status_code=202,
    responses=answers({202: Projections}, UnknownProjection, NothingKept),
)
def rebuild(
    request: Request,
    projection: ProjectionName,
    _: Operates,
    back: Annotated[bool, Query(description="Go back to the version that was live before.")] = False,
) -> dict[str, Any]:
    """Build a version beside the live one; it is compared and switched to by itself. Again goes on with it."""
    service = _service(request)
    if projection != service.rebuild.name:
        raise UnknownProjection()
    service.rebuild.begin(back=back)
    return projections(request, _)


@router.post(
    "/projections/{projection}/pause",
    operation_id="pauseProjection",
    status_code=204,
    responses=answers({204: {}}, UnknownProjection),
)
def pause(request: Request, projection: ProjectionName, _: Operates) -> None:
    """Its rows stand still, the log goes on; single customers are answered as of now all the same."""
    _service(request).operating.pause(projection)


@router.post(
    "/projections/{projection}/resume",
    operation_id="resumeProjection",
    status_code=204,
    responses=answers({204: {}}, UnknownProjection),
)
def resume(request: Request, projection: ProjectionName, _: Operates) -> None:
    """It goes on where it stood."""
    _service(request).operating.resume(projection)


@router.get("/parked", operation_id="listParked", responses=answers(ParkedCustomers, headers=("Link",)))
def parked(
    request: Request,
    response: Response,
    _: Looks,
    after: Annotated[int, Query(ge=0, lt=2**62, description="Only what is parked behind this position.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="So many at most.")] = 100,
) -> dict[str, Any]:
    """Customers whose facts could not be applied, each with the kind of error; they hold up nobody else."""
    found = _service(request).operating.parked(after, limit)
    more = found[-1].position if len(found) >= limit else None
    if more is not None:
        link_next(request, response, after=more)
    return {
        "items": [_parked_json(one) for one in found],
        "next": None if more is None else str(more),
    }


@router.post(
    "/parked/{position}/retry", operation_id="retryParked", status_code=204, responses=answers({204: {}}, NothingParked)
)
def retry(request: Request, position: ParkedPosition, _: Operates) -> None:
    """Try them again, in a moment; who cannot be folded still is parked again."""
    if not 0 < position < 2**62:
        raise NothingParked()
    _service(request).operating.try_again(position)


def version_json(status: Status, version: Version) -> dict[str, Any]:
    """Lag in positions, and in seconds since its rows stood for the present instant."""
    return {
        "name": version.projection,
        "version": version.version,
        "state": version.state,
        "paused": version.paused,
        "position": version.position,
        "behind": status.head - version.position,
        "worked_until": rfc_3339(version.worked_until),
        "seconds": max(0, status.now - version.worked_until) / 1_000_000,
        "parked": version.parked,
        "partitions": [_partition_json(partition) for partition in version.partitions],
    }


def _partition_json(partition: Partition) -> dict[str, Any]:
    return {
        "partition": partition.number,
        "position": partition.position,
        "worked_until": rfc_3339(partition.worked_until),
        "follower": None if partition.holder is None else str(partition.holder),
        "waits_for": partition.waits_for,
    }


def _parked_json(parked: Parked) -> dict[str, Any]:
    return {
        "projection": parked.projection,
        "version": parked.version,
        "customer": parked.customer,
        "number": str(parked.number),
        "position": parked.position,
        "reason": parked.reason,
        "parked_at": rfc_3339(parked.parked_at),
        "retrying": parked.again,
    }


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
