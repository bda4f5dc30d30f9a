//! What each refusal of the till comes to: one match a type, exhaustive, so that a new refusal
//! does not compile before it has a kind.

use super::{Kind, Problem};
use crate::store::open::StoreError;
use crate::store::till::TillStoreError;
use crate::till::{Refusal, SettingsError};
use commerce::cart::CartError;
use commerce::returns::ReturnError;
use commerce::sale::SaleError;
use commerce::staff::StaffError;
use commerce::tax::TaxError;
use commerce::tender::TenderError;
use commerce::{MoneyError, UnitPriceError};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(of(&refusal), refusal.to_string());
        if matches!(refusal, Refusal::TerminalBusy(_)) { problem.retry_after(1) } else { problem }
    }
}

impl From<MoneyError> for Problem {
    fn from(error: MoneyError) -> Self {
        Self::new(of_money(&error), error.to_string())
    }
}

impl From<UnitPriceError> for Problem {
    fn from(error: UnitPriceError) -> Self {
        Self::new(of_price(&error), error.to_string())
    }
}

fn of(refusal: &Refusal) -> Kind {
    match refusal {
        Refusal::NoShift => Kind::NoShift,
        Refusal::ShiftOpen(_) => Kind::ShiftOpen,
        Refusal::CannotClose(_) => Kind::CannotClose,
        Refusal::NotCounted(_) => Kind::NotCounted,
        Refusal::UnknownStaff(_) => Kind::UnknownStaff,
        Refusal::NoOperator => Kind::NoOperator,
        Refusal::NoCart(_) => Kind::NoCart,
        Refusal::CartAtTill(_) => Kind::CartAtTill,
        Refusal::HeldElsewhere { .. } => Kind::HeldElsewhere,
        Refusal::CartInUse(_) => Kind::CartInUse,
        Refusal::AlreadySold { .. } => Kind::AlreadySold,
        Refusal::PaymentUnderWay { .. } => Kind::PaymentUnderWay,
        Refusal::TerminalBusy(_) => Kind::TerminalBusy,
        Refusal::UnknownCode(_) => Kind::UnknownCode,
        Refusal::Code(_) => Kind::BadCode,
        Refusal::NoPrice { .. } => Kind::NoPrice,
        Refusal::WeightNeeded { .. } => Kind::WeightNeeded,
        Refusal::WeightNotExpected(_) => Kind::WeightNotExpected,
        Refusal::UnknownTender(_) => Kind::UnknownTender,
        Refusal::WrongTender { .. } => Kind::WrongTender,
        Refusal::UnknownReason { .. } => Kind::UnknownReason,
        Refusal::NoReceipt(_) => Kind::NoReceipt,
        Refusal::NotLastSale(_) => Kind::NotLastSale,
        Refusal::ReturnUnderWay(_) => Kind::ReturnUnderWay,
        Refusal::NoReturn => Kind::NoReturn,
        Refusal::ReturnPartlyPaid => Kind::ReturnPartlyPaid,
        Refusal::NoPayment(_) => Kind::NoPayment,
        Refusal::NoJob(_) => Kind::NoJob,
        Refusal::NoAmount => Kind::BadAmount,
        Refusal::BadCount(_) => Kind::BadCount,
        Refusal::LabelMeasures(_) => Kind::LabelMeasures,
        Refusal::StillAsking(_) => Kind::StillAsking,
        Refusal::TooManyParked(_) => Kind::TooMany,
        Refusal::BadSlip(_) | Refusal::SlipTaken { .. } => Kind::BadSlip,
        Refusal::NothingMoved(_) => Kind::NothingMoved,
        Refusal::NotReversible(_) => Kind::NotReversible,
        Refusal::NotInDrawer { .. } => Kind::NotInDrawer,
        Refusal::DiskNearlyFull { .. } => Kind::DiskFull,
        Refusal::KeyReused(_) => Kind::KeyReused,
        Refusal::BadText { .. } | Refusal::BadCustomerText { .. } | Refusal::NoField => {
            Kind::BadText
        }
        Refusal::NoCustomer(_) => Kind::NoCustomer,
        Refusal::CustomerErased(_) => Kind::CustomerErased,
        Refusal::CustomerTaken(_) => Kind::CustomerTaken,
        Refusal::NoNote(..) => Kind::NoNote,
        Refusal::NoWish(..) => Kind::NoWish,
        Refusal::TooManyKept { .. } => Kind::TooMany,
        Refusal::Cart(error) => of_cart(error),
        Refusal::Return(error) => of_return(error),
        Refusal::Staff(error) => of_staff(error),
        Refusal::Settings(error) => of_settings(error),
        Refusal::Store(error) => of_till_store(error),
        Refusal::Catalogue(error) => of_store(error),
    }
}

fn of_cart(error: &CartError) -> Kind {
    match error {
        CartError::Parked(_) => Kind::CartParked,
        CartError::BeingPaid(_) => Kind::CartBeingPaid,
        CartError::NoLine { .. } => Kind::NoLine,
        CartError::TooManyLines | CartError::TooManyDiscounts | CartError::TooManyTenders => {
            Kind::TooMany
        }
        CartError::Empty(_) => Kind::CartEmpty,
        CartError::BadDiscount { .. } => Kind::BadDiscount,
        CartError::Labelled(_) => Kind::LabelledLine,
        CartError::NotPaid { .. } => Kind::CartNotPaid,
        CartError::CardTaken(_) => Kind::CardTaken,
        CartError::Staff(error) => of_staff(error),
        CartError::Quantity(_) => Kind::BadQuantity,
        CartError::Price(error) => of_price(error),
        CartError::Tax(error) => of_tax(error),
        // Sums that do not agree are a mistake of the till, never of the request.
        CartError::Sale(SaleError::Paid { .. } | SaleError::Taxed { .. }) => Kind::Internal,
        CartError::Sale(SaleError::Money(error)) | CartError::Money(error) => of_money(error),
        CartError::Tender(error) => of_tender(error),
    }
}

fn of_return(error: &ReturnError) -> Kind {
    match error {
        ReturnError::Nothing
        | ReturnError::NoLine { .. }
        | ReturnError::TooMuch { .. }
        | ReturnError::Twice(_)
        | ReturnError::Begun(_) => Kind::ReturnRefused,
        ReturnError::Quantity(_) => Kind::BadQuantity,
        ReturnError::Tax(error) => of_tax(error),
        ReturnError::Money(error) => of_money(error),
    }
}

const fn of_staff(error: &StaffError) -> Kind {
    match error {
        StaffError::BadId(_) | StaffError::UnknownRole(_) => Kind::UnknownStaff,
        StaffError::NeedsApproval { .. } => Kind::NeedsApproval,
        StaffError::OwnApproval(_) | StaffError::ApproverLimit(_) => Kind::ApprovalRefused,
    }
}

const fn of_tender(error: &TenderError) -> Kind {
    match error {
        TenderError::NotPositive => Kind::BadAmount,
        TenderError::NothingDue | TenderError::OverDue { .. } | TenderError::OverLimit { .. } => {
            Kind::TenderRefused
        }
        TenderError::Money(error) => of_money(error),
    }
}

const fn of_tax(error: &TaxError) -> Kind {
    match error {
        TaxError::BadRate(_) => Kind::BadDiscount,
        TaxError::UnknownClass(_) => Kind::TaxMissing,
        TaxError::Money(error) => of_money(error),
    }
}

const fn of_price(error: &UnitPriceError) -> Kind {
    match error {
        UnitPriceError::NotANumber(_)
        | UnitPriceError::TooPrecise(_)
        | UnitPriceError::Negative => Kind::BadPrice,
        UnitPriceError::Money(error) => of_money(error),
    }
}

const fn of_money(error: &MoneyError) -> Kind {
    match error {
        MoneyError::UnknownCurrency(_) | MoneyError::Mismatch(..) => Kind::WrongCurrency,
        MoneyError::OutOfRange | MoneyError::NotANumber(_) | MoneyError::TooPrecise { .. } => {
            Kind::BadAmount
        }
    }
}

const fn of_settings(error: &SettingsError) -> Kind {
    match error {
        SettingsError::Store(error) => of_store(error),
        SettingsError::Missing(_) | SettingsError::NoCash => Kind::SettingsMissing,
    }
}

pub(super) const fn of_till_store(error: &TillStoreError) -> Kind {
    match error {
        TillStoreError::File(error) => of_store(error),
        TillStoreError::Damaged { .. } => Kind::Damaged,
        TillStoreError::Sqlite(_)
        | TillStoreError::Abandoned(_)
        | TillStoreError::Log(_)
        | TillStoreError::Clock(_)
        | TillStoreError::Body(_) => Kind::StoreFailed,
    }
}

pub(super) const fn of_store(error: &StoreError) -> Kind {
    match error {
        StoreError::Full { .. } => Kind::DiskFull,
        StoreError::Corrupt { .. } => Kind::Damaged,
        StoreError::Busy { .. } => Kind::Busy,
        StoreError::ReadOnly { .. }
        | StoreError::CannotOpen { .. }
        | StoreError::NewerVersion { .. }
        | StoreError::OlderVersion { .. }
        | StoreError::NotWal { .. }
        | StoreError::NotDurable { .. }
        | StoreError::Io { .. }
        | StoreError::Migration { .. }
        | StoreError::Sql { .. } => Kind::StoreFailed,
    }
}
