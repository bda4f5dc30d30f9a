//! Staff: roles, limits, and the approval of another person beyond them.

use crate::money::Money;
use crate::tax::Rate;
use crate::unit_price::UnitPrice;
use std::fmt;

/// Who someone is: the number they log in with, 1 to 6 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StaffId(String);

impl StaffId {
    /// Reads a staff number.
    ///
    /// # Errors
    /// When it is not 1 to 6 digits.
    pub fn parse(text: &str) -> Result<Self, StaffError> {
        if (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StaffError::BadId(text.to_owned()))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StaffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What someone may do, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sells, takes money, opens and closes a shift.
    Cashier,
    /// Also returns, post-voids, pays out, reads Z reports.
    Supervisor,
    /// Also counts stock and resolves payments.
    Manager,
    /// Also imports and manages staff.
    Administrator,
}

impl Role {
    /// Every role, in rising order.
    pub const ALL: [Self; 4] =
        [Self::Cashier, Self::Supervisor, Self::Manager, Self::Administrator];

    /// The name used in files and on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cashier => "cashier",
            Self::Supervisor => "supervisor",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }

    /// Reads a role's name.
    ///
    /// # Errors
    /// [`StaffError::UnknownRole`].
    pub fn parse(name: &str) -> Result<Self, StaffError> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| StaffError::UnknownRole(name.to_owned()))
    }

    /// The limits of a role where the staff file states none.
    #[must_use]
    pub const fn default_limits(self) -> Limits {
        let (percent, refund_major) = match self {
            Self::Cashier => (10, Some(50)),
            Self::Supervisor => (30, Some(500)),
            Self::Manager | Self::Administrator => (100, None),
        };
        Limits { discount_percent: percent, override_percent: percent, refund_major }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Default limits of a role, in whole percent and whole major units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest discount, in percent of what it is given on.
    pub discount_percent: i64,
    /// The largest change of a price, in percent of it.
    pub override_percent: i64,
    /// The largest return in major units; none is no limit.
    pub refund_major: Option<i64>,
}

/// A person at the till with what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Who.
    pub staff: StaffId,
    /// Their role.
    pub role: Role,
    /// The largest share they may take off a line or basket.
    pub discount_limit: Rate,
    /// The largest change of a price they may make.
    pub override_limit: Rate,
    /// The largest return they may make, in minor units; none is no limit.
    pub refund_limit: Option<i64>,
}

/// What someone asks to do, as far as it is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Takes `part` off `base`.
    Discount {
        /// All discounts on it together.
        part: Money,
        /// What they are given on.
        base: Money,
    },
    /// Moves the price of something worth `base` by `part`.
    Override {
        /// The change, either way, as a positive amount.
        part: Money,
        /// Its regular price.
        base: Money,
    },
    /// Charges another unit price; the two are compared exactly, whatever the quantity.
    Reprice {
        /// The listed price.
        from: UnitPrice,
        /// The price charged instead.
        to: UnitPrice,
    },
    /// Gives back this much.
    Refund(Money),
    /// Needs at least this role.
    Needs(Role),
}

/// What can go wrong with staff and their limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// Not a staff number.
    #[error("`{0}` is not a staff number (1 to 6 digits)")]
    BadId(String),
    /// Not a role.
    #[error("`{0}` is not a role (cashier, supervisor, manager, administrator)")]
    UnknownRole(String),
    /// Beyond what the person may do alone.
    #[error("this is beyond what staff {who} may do alone: another person must approve it")]
    NeedsApproval {
        /// Who asked.
        who: StaffId,
    },
    /// The approver is the person who asked.
    #[error("staff {0} cannot approve their own act: another person must")]
    OwnApproval(StaffId),
    /// The approver's own limit is too low as well.
    #[error("this is beyond what staff {0} may approve")]
    ApproverLimit(StaffId),
}

impl Authority {
    /// Whether this person may do it alone.
    #[must_use]
    pub fn may(&self, act: Limited) -> bool {
        match act {
            Limited::Discount { part, base } => self.discount_limit.covers(part, base),
            Limited::Override { part, base } => self.override_limit.covers(part, base),
            Limited::Reprice { from, to } => self.may_reprice(from, to),
            Limited::Refund(amount) => {
                self.refund_limit.is_none_or(|limit| amount.minor() <= limit)
            }
            Limited::Needs(role) => self.role >= role,
        }
    }

    fn may_reprice(&self, from: UnitPrice, to: UnitPrice) -> bool {
        let (was, is) = from.exactly_with(to);
        let limit = i128::from(self.override_limit.millionths());
        // A limit of the whole is none: such a person may also raise a price, or give one to what
        // is listed at nothing.
        from.currency() == to.currency()
            && (self.override_limit >= Rate::WHOLE
                || (is - was).abs() * i128::from(Rate::WHOLE.millionths()) <= was * limit)
    }
}

/// Decides whether `actor` may do `act`, alone or with `approver`.
///
/// Returns who approved it, or nobody when no approval was needed.
///
/// # Errors
/// When it is beyond the actor and nobody, the same person, or someone whose own limit is too
/// low approves.
pub fn authorise(
    act: Limited,
    actor: &Authority,
    approver: Option<&Authority>,
) -> Result<Option<StaffId>, StaffError> {
    if actor.may(act) {
        return Ok(None);
    }
    let approver =
        approver.ok_or_else(|| StaffError::NeedsApproval { who: actor.staff.clone() })?;
    if approver.staff == actor.staff {
        return Err(StaffError::OwnApproval(approver.staff.clone()));
    }
    if !approver.may(act) {
        return Err(StaffError::ApproverLimit(approver.staff.clone()));
    }
    Ok(Some(approver.staff.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn person(id: &str, role: Role, percent: &str) -> Authority {
        let limit = Rate::parse_percent(percent).unwrap();
        Authority {
            staff: StaffId::parse(id).unwrap(),
            role,
            discount_limit: limit,
            override_limit: limit,
            refund_limit: Some(5_000),
        }
    }

    #[test]
    fn limits_and_approvals() {
        let eur = Currency::parse("EUR").unwrap();
        let money = |minor| Money::new(minor, eur).unwrap();
        let (anna, ben) = (person("1", Role::Cashier, "10"), person("2", Role::Supervisor, "30"));
        let off = |part| Limited::Discount { part: money(part), base: money(1_000) };
        assert_eq!(authorise(off(100), &anna, None), Ok(None));
        assert_eq!(
            authorise(off(101), &anna, None),
            Err(StaffError::NeedsApproval { who: anna.staff.clone() })
        );
        assert_eq!(authorise(off(300), &anna, Some(&ben)), Ok(Some(ben.staff.clone())));
        assert_eq!(
            authorise(off(301), &anna, Some(&ben)),
            Err(StaffError::ApproverLimit(ben.staff.clone()))
        );
        assert_eq!(
            authorise(off(200), &anna, Some(&anna)),
            Err(StaffError::OwnApproval(anna.staff.clone()))
        );
        let rounded = Limited::Discount { part: money(4), base: money(35) };
        assert_eq!(
            authorise(rounded, &anna, None),
            Ok(None),
            "10 % of 35 is 3.5, which rounds to 4"
        );
        assert!(ben.may(Limited::Needs(Role::Cashier)));
        assert!(!anna.may(Limited::Needs(Role::Supervisor)));
        assert!(anna.may(Limited::Refund(money(5_000))));
        assert!(!anna.may(Limited::Refund(money(5_001))));
    }
}
