//! Items and stock: search, price check, on hand.

use super::super::ask::Who;
use super::super::dto::item::{ItemList, ItemShown, SearchQuery, Stock, StockList};
use super::super::params::{After, In, With, rows};
use super::super::problem::{Kind, Problem};
use super::super::state::App;
use crate::home::wall_clock;
use crate::store::till::read;
use crate::till::find_item;
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// See the module.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(search))
        .routes(routes!(by_code))
        .routes(routes!(stock))
        .routes(routes!(stock_of))
}

/// Finds items by what someone types, best first, with their prices now.
#[utoipa::path(get, path = "/items", tag = "items", params(SearchQuery), responses((status = OK, body = ItemList)))]
async fn search(
    State(app): State<App>,
    _who: Who,
    With(query): With<SearchQuery>,
) -> Result<Json<ItemList>, Problem> {
    let settings = app.settings().await?;
    let limit = usize::try_from(rows(query.limit)).unwrap_or(usize::MAX);
    let found = app.read_catalogue(move |view| {
        let (now, zone) = (wall_clock(), &settings.store.time_zone);
        let shown = |item: crate::store::catalogue::Item| {
            let price = view.price_at(item.id, now, settings.store.currency)?;
            Ok::<_, Problem>(ItemShown::new(item, price.as_ref(), zone))
        };
        // Looked at first: what is indexed meanwhile is found the next time.
        let indexing = view.behind()?.map(Into::into);
        let items = view.search(&query.q, limit)?.into_iter().map(shown);
        Ok(ItemList { items: items.collect::<Result<_, _>>()?, indexing })
    });
    Ok(Json(found.await?))
}

/// Checks a price: what a code means, what it costs now and why, and how much of it there is.
#[utoipa::path(get, path = "/items/by-code/{code}", tag = "items",
    params(("code" = String, Path, description = "A barcode, SKU or short code")), responses((status = OK, body = ItemShown)))]
async fn by_code(
    State(app): State<App>,
    _who: Who,
    In(code): In<String>,
) -> Result<Json<ItemShown>, Problem> {
    let settings = app.settings().await?;
    let item = app.read_catalogue(move |view| {
        let found = find_item(&view, &settings, &code, wall_clock())?;
        Ok(ItemShown::new(found.item, found.price.as_ref(), &settings.store.time_zone))
    });
    let mut item = item.await?;
    item.stock = Some(on_hand(&app, item.sku.clone()).await?);
    Ok(Json(item))
}

/// Lists what is on hand, by SKU.
#[utoipa::path(get, path = "/stock", tag = "stock", params(After), responses((status = OK, body = StockList)))]
async fn stock(
    State(app): State<App>,
    _who: Who,
    With(page): With<After>,
) -> Result<Json<StockList>, Problem> {
    let limit = rows(page.limit);
    let after = page.after.unwrap_or_default();
    let found =
        app.read_till(move |conn| Ok(read::stock_after(conn, &after, limit + PLACES)?)).await?;
    let stock = found.into_iter().map(Stock::from).collect();
    Ok(Json(whole_skus(stock, usize::try_from(limit).unwrap_or(usize::MAX))))
}

/// Places of one SKU read beyond a page, so that a SKU is never torn between two.
const PLACES: u32 = 32;

/// A page of at most `limit` rows, cut where a SKU ends: the cursor names SKUs.
fn whole_skus(mut stock: Vec<Stock>, limit: usize) -> StockList {
    if stock.len() <= limit {
        return StockList { stock, next: None };
    }
    let beyond = stock.get(limit).map(|row| row.sku.clone()).unwrap_or_default();
    let cut = stock.iter().position(|row| row.sku == beyond).filter(|cut| *cut > 0);
    // A SKU that alone fills the page is shown whole, however many places it has.
    let end = cut.or_else(|| stock.iter().position(|row| row.sku != beyond)).unwrap_or(stock.len());
    stock.truncate(end);
    let next = stock.last().map(|row| row.sku.clone());
    StockList { stock, next }
}

/// Shows what is on hand of a SKU, place by place.
#[utoipa::path(get, path = "/stock/{sku}", tag = "stock",
    params(("sku" = String, Path, description = "The SKU")), responses((status = OK, body = StockList)))]
async fn stock_of(
    State(app): State<App>,
    _who: Who,
    In(sku): In<String>,
) -> Result<Json<StockList>, Problem> {
    let wanted = sku.clone();
    let known = app.read_catalogue(move |view| Ok(view.item_by_sku(&wanted)?.is_some())).await?;
    let stock = on_hand(&app, sku.clone()).await?;
    if !known && stock.is_empty() {
        return Err(Problem::new(
            Kind::UnknownItem,
            format!("nothing in the catalogue has the SKU {sku}"),
        ));
    }
    Ok(Json(StockList { stock, next: None }))
}

async fn on_hand(app: &App, sku: String) -> Result<Vec<Stock>, Problem> {
    app.read_till(move |conn| Ok(read::stock(conn, &sku)?.into_iter().map(Stock::from).collect()))
        .await
}
