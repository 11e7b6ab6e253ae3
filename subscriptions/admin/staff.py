"""Who may work here: Django's users and groups in this admin's clothes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from .rows import Table

if TYPE_CHECKING:
    StaffAdmin = DjangoUserAdmin[User]
else:

    class StaffAdmin(DjangoUserAdmin, Table):
        pass


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(StaffAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "is_active", "is_superuser", "last_login")


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Table):
    pass
