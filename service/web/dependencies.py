"""What handlers depend on, as annotated aliases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.web.dispatcher import Desk


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]
