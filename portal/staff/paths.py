"""Where the pages of colleagues' accounts stand, and who may open them."""

from __future__ import annotations

from portal.web.rights import needs

HERE = "/settings/accounts"
ONE = HERE + "/{account_id:int}"
RIGHT = needs("account.manage")
