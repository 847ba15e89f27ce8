"""Series of network gear, tools, office and safety supplies: see make_catalog.py."""

from catalog_low_voltage import row

NETWORK = (
    ("switch", "unit", 1.4, (
        ("IES205", "启联 IES205 5 口百兆工业交换机", "industrial switch, 5 ports", 268),
        ("IES208", "启联 IES208 8 口百兆工业交换机", "industrial switch, 8 ports", 356),
        ("IES618", "启联 IES618 8 口千兆工业交换机", "gigabit industrial switch, 8 ports", 1150),
        ("IES618-2F", "启联 IES618-2F 8 电 2 光千兆工业交换机", "gigabit industrial switch, 8+2 ports",
         1420),
        ("S1720-16", "启联 S1720-16 16 口千兆接入交换机", "access switch, 16 ports", 598),
        ("S1720-24", "启联 S1720-24 24 口千兆接入交换机", "access switch, 24 ports", 798),
        ("S2730-24P", "启联 S2730-24P 24 口 PoE 交换机", "PoE switch, 24 ports", 1866),
        ("S2730-48P", "启联 S2730-48P 48 口 PoE 交换机", "PoE switch, 48 ports", 3280),
        ("S5735-24X", "启联 S5735-24X 万兆上联汇聚交换机", "aggregation switch with 10G uplinks", 4896),
        ("S5735-48X", "启联 S5735-48X 48 口万兆上联汇聚交换机", "aggregation switch, 48 ports", 7960),
    )),
    ("router", "unit", 0.9, (
        ("AR610", "启联 AR610 企业路由器", "enterprise router", 1280),
        ("AR651", "启联 AR651 多 WAN 口路由器", "multi-WAN router", 2680),
        ("IR4G-2", "启联 IR4G-2 工业 4G 路由器", "industrial 4G router", 860),
        ("IR5G-5", "启联 IR5G-5 工业 5G 路由器", "industrial 5G router", 2960),
        ("AP360", "启联 AP360 吸顶无线 AP Wi-Fi 6", "ceiling access point Wi-Fi 6", 628),
        ("AP361-P", "启联 AP361-P 面板无线 AP Wi-Fi 6", "in-wall access point Wi-Fi 6", 396),
        ("AP760", "启联 AP760 室外无线 AP", "outdoor access point", 1890),
        ("AC6508", "启联 AC6508 无线控制器", "wireless controller", 5680),
    )),
    ("optic", "unit", 0.1, (
        ("SFP-GE-SX", "启联 SFP-GE-SX 千兆多模光模块 550 米", "SFP module, multimode 550 m", 88),
        ("SFP-GE-LX", "启联 SFP-GE-LX 千兆单模光模块 10 公里", "SFP module, single mode 10 km", 116),
        ("SFP-10G-SR", "启联 SFP-10G-SR 万兆多模光模块", "SFP+ module, multimode", 268),
        ("SFP-10G-LR", "启联 SFP-10G-LR 万兆单模光模块", "SFP+ module, single mode", 396),
        ("MC-100", "启联 MC-100 百兆光纤收发器", "fibre media converter 100M", 96),
        ("MC-1000", "启联 MC-1000 千兆光纤收发器", "fibre media converter 1000M", 168),
        ("ODF-12", "启联 ODF-12 12 口光纤终端盒", "fibre termination box, 12 ports", 48),
        ("ODF-24", "启联 ODF-24 24 口光纤配线架", "fibre patch panel, 24 ports", 186),
    )),
    ("cabinet", "set", 18, (
        ("WM-6U", "启联 WM-6U 壁挂网络机柜 6U", "wall cabinet 6U", 218),
        ("WM-12U", "启联 WM-12U 壁挂网络机柜 12U", "wall cabinet 12U", 398),
        ("FS-22U", "启联 FS-22U 立式网络机柜 22U", "floor cabinet 22U", 1180),
        ("FS-42U", "启联 FS-42U 立式服务器机柜 42U", "server cabinet 42U", 2380),
        ("PP-24C6", "启联 PP-24C6 六类 24 口配线架", "Cat 6 patch panel, 24 ports", 268),
        ("CM-1U", "启联 CM-1U 理线架 1U", "cable manager 1U", 36),
        ("PDU-8", "启联 PDU-8 机柜 8 位插座", "rack PDU, 8 outlets", 118),
        ("FAN-2", "启联 FAN-2 机柜双风扇单元", "rack fan unit, two fans", 96),
    )),
)
TOOLS = (
    ("powertool", "unit", 2.2, (
        ("TD-10V", "铁衡 10.8V 锂电起子机 TD-10V", "cordless screwdriver 10.8 V", 268),
        ("TD-20V", "铁衡 20V 无刷锂电钻 TD-20V", "brushless drill 20 V", 568),
        ("TH-26", "铁衡 26mm 电锤 TH-26", "rotary hammer 26 mm", 698),
        ("TG-100", "铁衡 100mm 角磨机 TG-100", "angle grinder 100 mm", 236),
        ("TG-125", "铁衡 125mm 角磨机 TG-125", "angle grinder 125 mm", 318),
        ("TS-185", "铁衡 185mm 电圆锯 TS-185", "circular saw 185 mm", 458),
        ("TJ-65", "铁衡曲线锯 TJ-65", "jigsaw 65 mm", 396),
        ("TB-18", "铁衡 18V 锂电吹风机 TB-18", "cordless blower 18 V", 328),
    )),
    ("instrument", "unit", 0.5, (
        ("DM-15B", "铁衡数字万用表 DM-15B", "digital multimeter", 128),
        ("DM-17T", "铁衡真有效值万用表 DM-17T", "true RMS multimeter", 286),
        ("CL-300", "铁衡钳形表 CL-300", "clamp meter", 168),
        ("IR-500", "铁衡绝缘电阻测试仪 IR-500", "insulation tester", 398),
        ("ER-100", "铁衡接地电阻测试仪 ER-100", "earth resistance tester", 586),
        ("LD-50", "铁衡激光测距仪 50 米 LD-50", "laser distance meter 50 m", 198),
        ("TI-160", "铁衡红外热像仪 TI-160", "thermal imager", 3280),
        ("VP-01", "铁衡非接触验电笔 VP-01", "non-contact voltage tester", 42),
    )),
    ("toolbox", "set", 5.5, (
        ("952085", "铁衡 钣金工具箱套 103 件套 952085", "sheet-metal tool set, 103 pieces", 1286),
        ("952045", "铁衡 电工工具包 45 件套 952045", "electrician tool set, 45 pieces", 698),
        ("952028", "铁衡 电讯工具组套 28 件 952028", "telecom tool set, 28 pieces", 458),
        ("951150", "铁衡 机修综合组套 150 件 951150", "mechanic tool set, 150 pieces", 1860),
        ("950017", "铁衡 塑料工具箱 17 寸 950017", "plastic tool box, 17 inch", 68),
        ("950120", "铁衡 七抽屉工具车 950120", "tool trolley, seven drawers", 2680),
        ("953045", "铁衡 丝锥板牙组套 45 件 M3-M16", "tap and die set, 45 pieces", 356),
        ("953012", "铁衡 公制套筒组套 12 件", "metric socket set, 12 pieces", 196),
    )),
)
OFFICE = (
    ("paper", "box", 2.4, (
        ("AP-A470", "墨禾 A4 复印纸 70g 500 张×5 包", "A4 copy paper 70 g, 5 reams", 118),
        ("AP-A480", "墨禾 A4 复印纸 80g 500 张×5 包", "A4 copy paper 80 g, 5 reams", 138),
        ("AP-A370", "墨禾 A3 复印纸 70g 500 张×5 包", "A3 copy paper 70 g, 5 reams", 238),
        ("ASC99392", "墨禾 A4 塑封膜 80mic 100 张", "A4 laminating film, 100 sheets", 63.5),
        ("ANB-B5", "墨禾 B5 软抄本 60 页 10 本", "B5 notebooks, 10 pieces", 36),
        ("ANB-A5", "墨禾 A5 皮面笔记本 100 页", "A5 leather notebook", 18.8),
        ("ALB-38", "墨禾 标签贴纸 38mm 12 张", "label stickers 38 mm", 6.2),
        ("APN-76", "墨禾 便利贴 76×76 12 本", "sticky notes 76 × 76, 12 pads", 22),
    )),
    ("device", "unit", 3.2, (
        ("AEQ96706", "墨禾 简易通指纹考勤机 AEQ96706", "fingerprint attendance clock", 251.8),
        ("AEQ96730", "墨禾 电子密码保管箱 BGX-5/D2-53A6", "electronic safe", 1206.06),
        ("AEQ96774", "墨禾 自动装订机 AEQ96774", "automatic binding machine", 2654.4),
        ("AEQ96810", "墨禾 碎纸机 12 张 AEQ96810", "shredder, 12 sheets", 698),
        ("AEQ96822", "墨禾 塑封机 A3 AEQ96822", "A3 laminator", 328),
        ("AEQ96835", "墨禾 点钞机 B 类 AEQ96835", "banknote counter", 586),
        ("AEQ96851", "墨禾 标签打印机 80mm", "label printer 80 mm", 468),
        ("AEQ96866", "墨禾 黑白激光打印机", "laser printer", 1098),
    )),
    ("socket", "unit", 0.6, (
        ("AEA98650", "墨禾 时尚延长线插座 三位带 USB 1.8 米", "power strip, 3 outlets, USB", 86.38),
        ("AEA98652", "墨禾 延长线插座 六位 3 米", "power strip, 6 outlets, 3 m", 68.9),
        ("AEA98655", "墨禾 延长线插座 八位 5 米", "power strip, 8 outlets, 5 m", 98.5),
        ("AEA98660", "墨禾 轨道插座 1 米 套装", "track socket, 1 m set", 328),
        ("AEA98671", "墨禾 桌面升降插座", "desktop pop-up socket", 218),
        ("AEA98680", "墨禾 工业插头 32A 五芯", "industrial plug 32 A, five pins", 56),
        ("AEA98681", "墨禾 工业插座 32A 五芯", "industrial socket 32 A, five pins", 64),
        ("AEA98690", "墨禾 86 型五孔墙壁插座", "wall socket, five holes", 12.8),
    )),
)
SAFETY = (
    ("head", "unit", 0.5, (
        ("SH-V1", "盾安 V 型 ABS 安全帽", "ABS safety helmet, V type",
         28, "colour:Red=0|Yellow=0|Blue=0|White=0"),
        ("SH-V2", "盾安 透气型安全帽 带旋钮", "vented safety helmet",
         46, "colour:Red=0|Yellow=0|Blue=0|White=0"),
        ("SG-01", "盾安 防冲击护目镜", "impact goggles", 16.5, ""),
        ("SG-05", "盾安 防雾防护眼罩", "anti-fog goggles", 24, ""),
        ("SM-95", "盾安 KN95 防尘口罩 25 只", "KN95 respirators, 25 pieces", 58, ""),
        ("SE-32", "盾安 降噪耳罩 SNR32", "ear muffs SNR 32", 76, ""),
        ("SF-10", "盾安 电焊面罩 自动变光", "auto-darkening welding helmet", 168, ""),
    )),
    ("glove", "pair", 0.2, (
        ("GL-PU", "盾安 PU 涂掌防静电手套", "PU coated gloves", 4.8, "size:S=0|M=0|L=0|XL=0"),
        ("GL-NB", "盾安 丁腈耐油手套", "nitrile oil-proof gloves", 7.6, "size:M=0|L=0|XL=0"),
        ("GL-C5", "盾安 五级防割手套", "cut-resistant gloves, level 5", 32, "size:M=0|L=2|XL=2"),
        ("GL-IN12", "盾安 12kV 绝缘手套", "insulating gloves 12 kV", 96, ""),
        ("GL-W", "盾安 牛皮电焊手套", "leather welding gloves", 22, ""),
        ("SS-6KV", "盾安 6kV 绝缘安全鞋", "insulating safety shoes 6 kV", 168,
         "size:39=0|40=0|41=0|42=0|43=0|44=0"),
        ("SS-S3", "盾安 防砸防刺安全鞋", "safety shoes S3", 198,
         "size:39=0|40=0|41=0|42=0|43=0|44=0"),
    )),
    ("handtool", "unit", 0.4, (
        ("HP-CB", "铁衡 绝缘钢丝钳", "insulated combination pliers",
         58, "size:160mm=0|180mm=8|200mm=16"),
        ("HP-DN", "铁衡 斜口钳", "diagonal cutters", 52, "size:130mm=0|160mm=6|180mm=12"),
        ("HP-LN", "铁衡 尖嘴钳", "long-nose pliers", 49, "size:160mm=0|200mm=9"),
        ("HW-AD", "铁衡 活动扳手", "adjustable wrench", 46, "size:150mm=0|200mm=12|250mm=26|300mm=45"),
        ("HS-PH", "铁衡 十字螺丝刀", "Phillips screwdriver",
         14, "size:PH0×75=0|PH1×100=2|PH2×150=5"),
        ("HS-VDE", "铁衡 VDE 绝缘螺丝批 7 件套", "VDE screwdrivers, set of 7", 168, ""),
        ("HC-RJ", "铁衡 网线压线钳", "RJ45 crimping tool", 86, ""),
        ("HC-TM", "铁衡 端子压接钳 0.5-6mm²", "ferrule crimper 0.5–6 mm²", 118, ""),
        ("HK-18", "铁衡 美工刀 18mm", "utility knife 18 mm", 18, ""),
        ("HM-05", "铁衡 钢卷尺", "tape measure", 16, "length:3m=0|5m=8|7.5m=18"),
    )),
    ("stationery", "box", 0.15, (
        ("APW-G05", "墨禾 中性笔 0.5mm 12 支", "gel pens 0.5 mm, 12 pieces",
         18, "colour:Black=0|Red=0|Blue=0"),
        ("APW-B07", "墨禾 圆珠笔 0.7mm 40 支", "ball pens 0.7 mm, 40 pieces",
         26, "colour:Black=0|Blue=0"),
        ("APW-M20", "墨禾 白板笔 10 支", "whiteboard markers, 10 pieces",
         24, "colour:Black=0|Red=0|Blue=0"),
        ("AFD-A4", "墨禾 A4 档案盒 10 只", "A4 file boxes, 10 pieces", 68, ""),
        ("AFD-LF", "墨禾 A4 文件夹 强力夹 12 只", "A4 clip files, 12 pieces", 78, ""),
        ("AST-12", "墨禾 订书机 12 号", "stapler no. 12", 18.6, ""),
        ("ACL-08", "墨禾 计算器 12 位语音", "desk calculator, 12 digits", 46, ""),
        ("AGL-40", "墨禾 固体胶 36g 12 支", "glue sticks, 12 pieces", 28, ""),
        ("ATP-48", "墨禾 透明封箱胶带 48mm 6 卷", "packing tape 48 mm, 6 rolls", 34, ""),
    )),
    ("patch", "unit", 0.1, (
        ("PC6-U", "启联 六类非屏蔽网络跳线", "Cat 6 UTP patch cord",
         8.5, "length:1m=0|2m=3|3m=6|5m=11|10m=25"),
        ("PC6A-S", "启联 超六类屏蔽网络跳线", "Cat 6A S/FTP patch cord",
         16, "length:1m=0|2m=5|3m=10|5m=19"),
        ("PCF-LC", "启联 LC-LC 单模双芯光纤跳线", "LC-LC duplex fibre patch cord",
         18, "length:3m=0|5m=5|10m=14|20m=36"),
        ("C6-305", "启联 六类网线 305 米箱装", "Cat 6 cable, 305 m box", 698, ""),
        ("C5E-305", "启联 超五类网线 305 米箱装", "Cat 5e cable, 305 m box", 498, ""),
        ("RJ45-100", "启联 六类水晶头 100 只", "Cat 6 plugs, 100 pieces", 46, ""),
        ("KJ-C6", "启联 六类网络模块", "Cat 6 keystone jack", 14.5, ""),
        ("FP-86", "启联 86 型网络面板 双口", "face plate, two ports", 6.8, ""),
    )),
)


def other_rows():
    for group in (NETWORK, TOOLS, OFFICE):
        for categ, uom, weight, items in group:
            for ref, zh, en, price in items:
                yield row(ref, categ, zh, f"{ref} {en}", price, uom=uom, weight=weight)
    for categ, uom, weight, items in SAFETY:
        for ref, zh, en, price, spec in items:
            key = spec.split(":")[0]
            yield row(
                ref, categ, zh if ref in zh else f"{zh} {ref}", f"{ref} {en}", price, spec=spec,
                code=f"{ref}-{{{key}}}" if spec else ref, uom=uom, weight=weight,
            )
