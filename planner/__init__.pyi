from .access import (
    Readings as Readings,
    Summary as Summary,
    readings as readings,
    summarise as summarise,
)
from .area import (
    StudyArea as StudyArea,
    Units as Units,
)
from .candidates import (
    candidate_sites as candidate_sites,
    candidates_from_hosts as candidates_from_hosts,
    candidates_from_people as candidates_from_people,
)
from .coverage import (
    Coverage as Coverage,
    cover as cover,
)
from .demand import (
    Demand as Demand,
)
from .errors import (
    ColumnError as ColumnError,
    CrsError as CrsError,
    DataError as DataError,
    IdError as IdError,
    InfeasibleError as InfeasibleError,
    NoPlanInTimeError as NoPlanInTimeError,
    OptimiseError as OptimiseError,
    PeriodError as PeriodError,
    PlannerError as PlannerError,
    QuestionError as QuestionError,
    SourceError as SourceError,
    StoreError as StoreError,
)
from .exports import (
    write as write,
)
from .imports import (
    ImportReport as ImportReport,
)
from .layers import (
    Column as Column,
    Layer as Layer,
    Period as Period,
)
from .maps import (
    draw as draw,
)
from .network import (
    Attachment as Attachment,
    Network as Network,
    build_network as build_network,
)
from .optimise import (
    cover_everyone as cover_everyone,
    maximise_coverage as maximise_coverage,
)
from .plan import (
    Plan as Plan,
    Scenario as Scenario,
)
from .profiles import (
    Profile as Profile,
    travel_profile as travel_profile,
)
from .project import (
    Project as Project,
    open_project as open_project,
)
from .reports import (
    report as report,
)
from .roads import (
    Roads as Roads,
)
from .services import (
    Parameter as Parameter,
    Reading as Reading,
    Service as Service,
    service as service,
)
from .sites import (
    Sites as Sites,
)
from .sources import (
    read_area as read_area,
    read_population as read_population,
    read_roads as read_roads,
    read_sites as read_sites,
)

__version__: str
