// What of Apache ECharts our plots use; tools/vendor_assets.py makes one script of it.
import { init, registerLocale, use } from "echarts/core";
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import korean from "echarts/i18n/langKO-obj.js";

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, TooltipComponent, SVGRenderer]);
registerLocale("KO", korean);

export { init };
