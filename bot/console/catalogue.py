"""The shelf: a list, one product, and a feed that is checked first and imported then."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from bot.api.reads.shelf import page_of_products, tags, view_product
from bot.console.desk import AtDesk, Desk, Form
from bot.console.pages import go, page, wrong
from bot.console.uploads import Uploads
from bot.web.scope import changing, looking
from bot.web.shop import Shop
from data.catalogue import ImportReport, import_feed
from data.kernel.errors import ShopError
from integrations.catalogues import read_google_feed

router = APIRouter(prefix="/catalogue")
_PAGE = 40
_MOST_COMPLAINTS = 200  # more of them help nobody; the count is shown


@router.get("")
def list_products(desk: AtDesk, shop: Shop, after: Annotated[str, Query()] = "") -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        views, following = page_of_products(
            session, merchant_id=desk.merchant_id, after=after, limit=_PAGE
        )
        return page("catalogue.html", desk, views=views, following=following, after=after)


@router.get("/import")
def import_page(desk: AtDesk) -> Response:
    return page("import.html", desk, report=None, upload="", wrong="")


@router.post("/import")
def check_feed(request: Request, desk: AtDesk, shop: Shop, form: Form) -> Response:
    """A dry run: the report is the real one, the catalogue as it was."""
    raw = _file(form)
    if not raw:
        return wrong("import.html", desk, report=None, upload="", wrong="error_file_missing")
    try:
        with changing(shop.database, desk.merchant_id) as session:
            report = _import(session, desk, raw, dry_run=True)
    except ShopError as error:
        return wrong("import.html", desk, report=None, upload="", wrong=error.code)
    uploads: Uploads = request.app.state.uploads
    name = uploads.keep(raw, merchant_id=desk.merchant_id, now=desk.now)
    return page("import.html", desk, report=_shortened(report), upload=name, wrong="")


@router.post("/import/apply")
def apply_feed(request: Request, desk: AtDesk, shop: Shop, form: Form) -> Response:
    uploads: Uploads = request.app.state.uploads
    raw = uploads.take(str(form.get("upload", "")), merchant_id=desk.merchant_id)
    with changing(shop.database, desk.merchant_id) as session:
        _import(session, desk, raw, dry_run=False)
    return go("/catalogue", done="imported")


@router.get("/{product_id}")
def show_product(product_id: str, desk: AtDesk, shop: Shop) -> Response:
    with looking(shop.database, desk.merchant_id) as session:
        view = view_product(session, merchant_id=desk.merchant_id, product_id=product_id)
        labels = tags(session, merchant_id=desk.merchant_id, product_id=product_id)
        return page("product.html", desk, view=view, tags=labels)


def _import(session: Session, desk: Desk, raw: bytes, *, dry_run: bool) -> ImportReport:
    feed = read_google_feed(raw)
    return import_feed(
        session, merchant_id=desk.merchant_id, feed=feed, dry_run=dry_run, now=desk.now
    )


def _file(form: FormData) -> bytes:
    given = form.get("feed")
    return given.file.read() if isinstance(given, UploadFile) else b""


def _shortened(report: ImportReport) -> ImportReport:
    return ImportReport(
        report.created,
        report.updated,
        report.unchanged,
        report.errors[:_MOST_COMPLAINTS],
        report.notes[:_MOST_COMPLAINTS],
    )
