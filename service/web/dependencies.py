"""Dependencies of the handlers, as annotated aliases."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.web.dispatcher import Dispatcher


def _dispatcher(request: Request) -> Dispatcher:
    dispatcher: Dispatcher = request.app.state.dispatcher
    return dispatcher


DispatcherDep = Annotated[Dispatcher, Depends(_dispatcher)]
