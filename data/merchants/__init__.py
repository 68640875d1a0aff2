"""Shops, their people and their doors: who may act for a merchant, and through which accounts."""

from data.merchants.models import ApiToken, ChannelAccount, Merchant, Staff, StaffRole, StaffSession

__all__ = ["ApiToken", "ChannelAccount", "Merchant", "Staff", "StaffRole", "StaffSession"]
