"""Which file kinds can be imported, and by which job."""

from pathlib import Path
from typing import Any

from tasuke.platform.exchange.archive import sha256_of

KINDS = {
    "residents": "住民情報(住基)",
    "tax": "税情報",
    "nhi": "国保・後期の資格",
    "welfare": "福祉情報",
    "applications": "申請・届出",
    "entitlements": "移行する受給資格(承認が要る)",
    "claims": "レセプト(UKE、または列対応表による CSV)",
    "returns": "返戻・再審査等(HEN・SAH)",
    "receipts": "償還払いの申請",
    "transfer-results": "振込結果(振込不能・組戻し)",
}


def import_request(kind: str, path: Path, **more: Any) -> dict[str, Any]:
    """Job, target and parameters of an import. The target carries the content's hash: the same file is the same run.

    Raises KeyError for an unknown kind and OSError when the file cannot be read.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    digest = sha256_of(path.read_bytes())
    return {
        "job": f"import-{kind}",
        "target": f"{kind}:{digest}",
        "parameters": {"path": str(path.resolve()), **{k: v for k, v in more.items() if v is not None}},
    }
