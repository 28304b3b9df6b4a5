"""Store: the project file, where everything of one act is kept together or not at all.

`Store` is the port; `GeoPackageStore` the default: one GeoPackage that QGIS opens styled and any
SQLite tool reads. An `Act` is what happens together; `imported` and `saved` make the usual ones.
"""

from __future__ import annotations

from planner.store.project_file import SCHEMA, Act, GeoPackageStore, Store, apply, imported, saved

__all__ = ["SCHEMA", "Act", "GeoPackageStore", "Store", "apply", "imported", "saved"]
