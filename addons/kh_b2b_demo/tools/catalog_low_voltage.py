"""Series of the low-voltage and cable ranges (低压电器, 电线电缆): see make_catalog.py."""

POLES = "poles:1P=0|2P=58|3P=96|4P=132"
AMPS = "current:6A=0|10A=0|16A=1|20A=2|25A=4|32A=6|40A=11|63A=19"
AMPS_S = "current:10A=0|16A=1|25A=4|32A=6|63A=19"


def row(ref, categ, zh, en, price, *, spec="", code="", uom="unit", weight=0.2):
    """One line of catalog.csv, in the order of its columns."""
    return (ref, categ, en, zh, f"{price:.2f}", spec, code or ref, uom, f"{weight:.2f}")


def breakers():
    for model, zh, en, price in (
        ("GX1-63", "小型断路器 6kA", "miniature circuit breaker 6 kA", 14.8),
        ("GX3-63", "小型断路器 10kA 高分断", "miniature circuit breaker 10 kA", 21.5),
        ("GX5-125", "小型断路器 125 型大电流", "miniature circuit breaker, frame 125", 46.0),
        ("GX7-40", "单进双出断路器 DPN", "phase and neutral breaker DPN", 18.6),
    ):
        for curve in ("B", "C", "D"):
            yield row(
                f"{model}{curve}",
                "mcb",
                f"{model} {zh} {curve}型",
                f"{model} {en}, {curve} curve",
                price + "BCD".index(curve) * 1.2,
                spec=f"{POLES};{AMPS if curve == 'C' else AMPS_S}",
                code=f"{model}{curve}{{poles}}{{current}}",
                weight=0.12,
            )
    for model, volt, price in (
        ("GS81-63L", 250, 34.0),
        ("GS81-63", 500, 39.0),
        ("GS83-63", 800, 58.0),
        ("GS85-125", 1000, 96.0),
        ("GS87-63PV", 1200, 128.0),
    ):
        yield row(
            f"{model}DC",
            "dcmcb",
            f"{model} DC 直流微型断路器 {volt}V",
            f"{model} DC miniature circuit breaker {volt} V",
            price,
            spec=f"poles:1P=0|2P=58|4P=132;{AMPS_S}",
            code=f"{model}{{poles}}{{current}}DC",
            weight=0.15,
        )
    for model, zh, en, price in (
        ("GL1-63", "漏电断路器 电子式", "residual current breaker, electronic", 62.0),
        ("GL2-63", "漏电断路器 电磁式", "residual current breaker, electromagnetic", 118.0),
        ("GL3-100", "大电流漏电断路器", "residual current breaker, frame 100", 164.0),
        ("GL5-40", "家用漏电保护开关", "domestic residual current switch", 48.5),
        ("GL6-63A", "A 型剩余电流断路器", "residual current breaker type A", 139.0),
    ):
        yield row(
            model,
            "rcbo",
            f"{model} {zh}",
            f"{model} {en}",
            price,
            spec=f"poles:2P=0|4P=74;{AMPS_S}",
            code=f"{model}-{{poles}}-{{current}}",
            weight=0.24,
        )
    for frame, price in (
        (63, 132),
        (125, 186),
        (160, 248),
        (250, 365),
        (400, 820),
        (630, 1380),
        (800, 2260),
        (1250, 4180),
    ):
        amps = [a for a in (32, 63, 100, 125, 160, 250, 400, 630, 800, 1250) if a <= frame][-3:]
        values = "|".join(f"{a}A={i * price // 20}" for i, a in enumerate(amps))
        yield row(
            f"GM1-{frame}",
            "mccb",
            f"GM1-{frame} 塑壳断路器 M 型",
            f"GM1-{frame} moulded-case circuit breaker",
            price,
            spec=f"poles:3P=0|4P={price // 3};current:{values}",
            code=f"GM1-{frame}M/{{poles}}{{current}}",
            uom="set",
            weight=1.0 + frame / 160,
        )


def control():
    for amps, price in (
        (9, 38),
        (12, 42),
        (18, 51),
        (25, 74),
        (32, 92),
        (40, 148),
        (50, 176),
        (65, 215),
        (80, 298),
        (95, 346),
    ):
        yield row(
            f"GC1-{amps:02d}",
            "contactor",
            f"GC1-{amps:02d} 交流接触器 {amps}A",
            f"GC1-{amps:02d} AC contactor {amps} A",
            price,
            spec="coil:AC24V=3|AC110V=1|AC220V=0|AC380V=0",
            code=f"GC1-{amps:02d}10-{{coil}}",
            weight=0.33 + amps / 90,
        )
    for model, zh, en, price, spec in (
        (
            "GR2-25",
            "热过载继电器",
            "thermal overload relay",
            46,
            "setting:1.6-2.5A=0|4-6A=0|7-10A=0|12-18A=2|17-25A=2",
        ),
        (
            "GR2-93",
            "热过载继电器",
            "thermal overload relay",
            118,
            "setting:30-40A=0|48-65A=6|63-80A=9|80-93A=14",
        ),
        (
            "GJ-MY2",
            "小型中间继电器 8 脚",
            "miniature relay, 8 pins",
            9.6,
            "coil:DC12V=0|DC24V=0|AC110V=1|AC220V=0",
        ),
        (
            "GJ-MY4",
            "小型中间继电器 14 脚",
            "miniature relay, 14 pins",
            12.4,
            "coil:DC12V=0|DC24V=0|AC110V=1|AC220V=0",
        ),
        (
            "GT3-Y",
            "时间继电器 通电延时",
            "on-delay timer relay",
            58,
            "coil:DC24V=0|AC220V=0|AC380V=2",
        ),
        (
            "GT3-D",
            "时间继电器 断电延时",
            "off-delay timer relay",
            72,
            "coil:DC24V=0|AC220V=0|AC380V=2",
        ),
        ("GX8-PH", "相序保护器", "phase sequence relay", 86, ""),
        ("GX8-VU", "过欠压保护继电器", "over and under voltage relay", 94, ""),
    ):
        code = f"{model}-{{{spec.split(':')[0]}}}" if spec else model
        yield row(model, "relay", f"{model} {zh}", f"{model} {en}", price, spec=spec, code=code)
    colours = "colour:Red=0|Green=0|Yellow=0|Blue=1|White=0"
    for model, zh, en, price in (
        ("GA2-BA", "平钮 自复位 22mm", "flush push button, 22 mm", 8.2),
        ("GA2-BW", "带灯按钮 22mm", "illuminated push button, 22 mm", 16.8),
        ("GA2-EV", "信号指示灯 LED 22mm", "LED indicator light, 22 mm", 6.4),
        ("GA2-BS", "急停按钮 蘑菇头", "emergency stop, mushroom head", 19.5),
        ("GA2-BD", "旋钮选择开关", "selector switch", 14.2),
        ("GA2-SG", "塔式警示灯 三层", "signal tower, three tiers", 128.0),
        ("GA2-FM", "声光蜂鸣器", "buzzer with light", 22.0),
        ("GA2-XB", "按钮盒 三孔", "push-button station, three holes", 26.0),
    ):
        plain = model.endswith(("BS", "SG", "XB"))
        yield row(
            model,
            "pilot",
            f"{model} {zh}",
            f"{model} {en}",
            price,
            spec="" if plain else colours,
            code=model if plain else f"{model}-{{colour}}",
            weight=0.08,
        )
    for model, kilo, price in (
        ("GU1", 20, 68),
        ("GU1", 40, 92),
        ("GU1", 60, 128),
        ("GU2", 80, 196),
        ("GU2", 100, 268),
        ("GU3-DC", 40, 156),
        ("GU3-PV", 40, 188),
    ):
        yield row(
            f"{model}-{kilo}",
            "spd",
            f"{model}-{kilo} 浪涌保护器 {kilo}kA",
            f"{model}-{kilo} surge protective device {kilo} kA",
            price,
            spec="poles:1P=0|2P=40|4P=120",
            code=f"{model}-{kilo}/{{poles}}",
            weight=0.3,
        )


def enclosures():
    for model, zh, en, price in (
        ("PZ30-08", "暗装配电箱 8 回路", "flush distribution box, 8 ways", 42),
        ("PZ30-12", "暗装配电箱 12 回路", "flush distribution box, 12 ways", 56),
        ("PZ30-18", "暗装配电箱 18 回路", "flush distribution box, 18 ways", 78),
        ("PZ30-24", "暗装配电箱 24 回路", "flush distribution box, 24 ways", 98),
        ("JXF-3040", "明装基业箱 300×400", "wall-mounted enclosure 300 × 400", 118),
        ("JXF-5060", "明装基业箱 500×600", "wall-mounted enclosure 500 × 600", 226),
        ("JXF-6080", "明装基业箱 600×800", "wall-mounted enclosure 600 × 800", 348),
        ("GGD-800", "低压开关柜柜体 800 宽", "switchgear cubicle, 800 mm", 3260),
    ):
        yield row(model, "box", f"{model} {zh}", f"{model} {en}", price, uom="set", weight=4.5)
    for model, zh, en, price in (
        ("DDS-226", "单相电子式电能表", "single-phase energy meter", 68),
        ("DTS-226", "三相四线电能表", "three-phase energy meter", 186),
        ("DDSY-226", "单相预付费电能表", "single-phase prepayment meter", 142),
        ("PD-96V", "数显电压表 96 型", "digital voltmeter, 96 mm", 96),
        ("PD-96A", "数显电流表 96 型", "digital ammeter, 96 mm", 96),
        ("PD-96E", "多功能电力仪表", "multifunction power meter", 328),
        ("BH-066", "电流互感器", "current transformer", 24),
        ("DTM-4G", "4G 远传智能电表", "smart meter with 4G", 298),
    ):
        spec = "ratio:50/5=0|100/5=0|200/5=2|400/5=6|600/5=11" if model == "BH-066" else ""
        yield row(
            model,
            "meter",
            f"{model} {zh}",
            f"{model} {en}",
            price,
            spec=spec,
            code=f"{model}-{{ratio}}" if spec else model,
            weight=0.6,
        )


def cables():
    sections = "section:1.5mm²=0|2.5mm²=62|4mm²=148|6mm²=266|10mm²=524"
    for model, zh, en, price in (
        ("BV", "铜芯聚氯乙烯绝缘电线 100 米", "PVC insulated copper wire, 100 m", 118),
        ("BVR", "铜芯软电线 100 米", "flexible copper wire, 100 m", 128),
        ("ZR-BV", "阻燃铜芯电线 100 米", "flame-retardant copper wire, 100 m", 124),
        ("WDZ-BYJ", "低烟无卤电线 100 米", "low-smoke halogen-free wire, 100 m", 136),
        ("RVV2", "两芯护套软线 100 米", "two-core sheathed cable, 100 m", 246),
        ("RVV3", "三芯护套软线 100 米", "three-core sheathed cable, 100 m", 352),
        ("YJV4", "四芯交联电力电缆 100 米", "four-core XLPE power cable, 100 m", 986),
    ):
        yield row(
            model,
            "wire",
            f"{model} {zh}",
            f"{model} {en}",
            price,
            spec=sections,
            code=f"{model}-{{section}}",
            uom="roll",
            weight=4.2,
        )
    for cores, price in ((4, 268), (7, 428), (10, 596), (14, 812), (19, 1060), (24, 1320)):
        yield row(
            f"KVVP-{cores}",
            "ctrlcable",
            f"KVVP {cores}×1.5 屏蔽控制电缆 100 米",
            f"KVVP {cores} × 1.5 shielded control cable, 100 m",
            price,
            uom="roll",
            weight=14,
        )
    for model, zh, en, price in (
        ("UK-2.5B", "通用导轨端子 2.5mm²", "DIN-rail terminal block 2.5 mm²", 1.2),
        ("UK-5N", "通用导轨端子 4mm²", "DIN-rail terminal block 4 mm²", 1.4),
        ("UK-10N", "通用导轨端子 10mm²", "DIN-rail terminal block 10 mm²", 3.1),
        ("USLKG-5", "接地端子 4mm²", "ground terminal block 4 mm²", 4.6),
        ("TB-1512", "组合式接线排 15A 12 位", "barrier strip 15 A, 12 ways", 6.8),
        ("OT-SET", "OT 铜鼻子套装 200 只", "ring terminal set, 200 pieces", 36),
        ("E-SET", "管型端子套装 800 只", "ferrule set, 800 pieces", 28),
        ("DIN-35", "35mm 导轨 1 米", "35 mm DIN rail, 1 m", 7.5),
    ):
        yield row(model, "terminal", f"{model} {zh}", f"{model} {en}", price, weight=0.05)


def low_voltage_rows():
    for family in (breakers, control, enclosures, cables):
        yield from family()
